"""The line: gaps, losses, restarts, sessions that end, and what is typed meanwhile."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from . import cast
from .fake_desk import AUDIENCE, FakeDesk

pytestmark = pytest.mark.browser

CH1 = cast.sid("CH", 1)


def with_one_conversation(opened: Callable[..., Page], *, rows: int = 1) -> Page:
    return opened(
        at=f"#{CH1}",
        conversations=[cast.conversation(1, last_index=rows)],
        messages=[cast.message(1, index) for index in range(1, rows + 1)],
    )


def write(page: Page, text: str) -> None:
    page.locator("#composer-text").fill(text)
    page.locator("#composer-text").press("Enter")


def test_lost_event_is_asked_for_again(desk: FakeDesk, opened: Callable[..., Page]) -> None:
    page = with_one_conversation(opened)

    desk.event("message.added", cast.message(1, 2, "lost on the way"), deliver=False)
    desk.event("message.added", cast.message(1, 3, "came through"))

    expect(page.locator(".message-body")).to_have_text(["message 1", "lost on the way", "came through"])
    assert [frame["cursors"] for frame in desk.said("resume")] == [{AUDIENCE: 0}]


def test_heartbeat_brings_what_nothing_else_announced(desk: FakeDesk, opened: Callable[..., Page]) -> None:
    page = with_one_conversation(opened)

    desk.event("message.added", cast.message(1, 2, "lost on the way"), deliver=False)
    desk.heartbeat()

    expect(page.locator(".message-body")).to_have_text(["message 1", "lost on the way"])


def test_reconnect_resumes_from_the_cursor_without_a_snapshot(desk: FakeDesk, opened: Callable[..., Page]) -> None:
    page = with_one_conversation(opened)
    desk.event("message.added", cast.message(1, 2, "before"))
    expect(page.locator(".message-body")).to_have_count(2)

    desk.cut()
    expect(page.locator(".banner-offline")).to_contain_text("You are offline.")
    desk.event("message.added", cast.message(1, 3, "meanwhile"), deliver=False)
    desk.mend()

    expect(page.locator(".message-body")).to_have_text(["message 1", "before", "meanwhile"])
    expect(page.locator(".banner")).to_have_count(0)
    assert desk.said("hello")[-1]["cursors"] == {AUDIENCE: 1}


def test_words_typed_without_a_line_are_sent_once_and_shown_once(desk: FakeDesk, opened: Callable[..., Page]) -> None:
    page = with_one_conversation(opened)
    desk.cut()
    expect(page.locator("[data-link=offline]")).to_be_visible()

    write(page, "typed in the dark")
    expect(page.locator(".is-pending .message-body")).to_have_text("typed in the dark")
    desk.mend()
    page.evaluate("dispatchEvent(new Event('online'))")

    expect(page.locator(".message:not(.is-pending) [data-status=queued]")).to_have_count(1)
    expect(page.locator(".message-body", has_text="typed in the dark")).to_have_count(1)
    assert [row["body"] for row in desk.posted.values()] == ["typed in the dark"]


def test_lost_acknowledgement_leads_to_one_message(desk: FakeDesk, opened: Callable[..., Page]) -> None:
    page = with_one_conversation(opened)
    desk.answers = False
    write(page, "did it arrive?")
    desk.wait_for(lambda frame: frame["do"] == "message.post")
    desk.cut()

    desk.answers = True
    desk.mend()
    posts = desk.wait_for(lambda frame: frame["do"] == "message.post", count=2)

    assert posts[0]["ref"] == posts[1]["ref"]
    expect(page.locator(".message-body", has_text="did it arrive?")).to_have_count(1)
    expect(page.locator(".is-pending")).to_have_count(0)
    assert len(desk.posted) == 1


def test_reload_loses_neither_outbox_nor_draft(desk: FakeDesk, opened: Callable[..., Page]) -> None:
    page = with_one_conversation(opened)
    desk.answers = False
    write(page, "sent before the reload")
    desk.wait_for(lambda frame: frame["do"] == "message.post")
    page.locator("#composer-text").fill("half a thought")

    desk.answers = True
    page.reload()

    expect(page.locator("#composer-text")).to_have_value("half a thought")
    expect(page.locator(".message-body", has_text="sent before the reload")).to_have_count(1)
    expect(page.locator(".is-pending")).to_have_count(0)
    assert len(desk.posted) == 1


def test_several_messages_typed_offline_keep_their_order(desk: FakeDesk, opened: Callable[..., Page]) -> None:
    page = with_one_conversation(opened)
    desk.cut()
    for words in ("one", "two", "three"):
        write(page, words)

    desk.mend()

    expect(page.locator(".message:not(.is-pending).is-outbound .message-body")).to_have_text(["one", "two", "three"])
    assert [row["body"] for row in desk.posted.values()] == ["one", "two", "three"]


def test_flood_from_the_outbox_goes_out_a_few_at_a_time(desk: FakeDesk, opened: Callable[..., Page]) -> None:
    page = with_one_conversation(opened)
    desk.cut()
    for number in range(40):
        write(page, f"line {number}")
    desk.answers = False
    desk.mend()
    desk.wait_for(lambda frame: frame["do"] == "message.post", count=16)

    desk.answers = True
    desk.cut()
    desk.mend()

    expect(page.locator(".message:not(.is-pending).is-outbound")).to_have_count(40)
    assert [row["body"] for row in desk.posted.values()] == [f"line {number}" for number in range(40)]
    assert len(desk.said("message.post")) == 16 + 40


def test_command_that_took_effect_before_the_loss_is_not_repeated(desk: FakeDesk, opened: Callable[..., Page]) -> None:
    page = opened(reservations=[cast.reservation(1)])
    desk.answers = False
    page.get_by_role("button", name="Accept").click()
    desk.wait_for(lambda frame: frame["do"] == "reservation.accept")
    desk.cut()
    desk.event("reservation.accepted", cast.reservation(1, status="accepted", version=2), deliver=False)

    desk.answers = True
    desk.mend()

    expect(page.get_by_role("button", name="Wrap up")).to_be_visible()
    expect(page.locator("[data-link=online]")).to_be_visible()
    page.get_by_role("button", name="Wrap up").click()
    desk.wait_for(lambda frame: frame["do"] == "task.wrap_up")
    assert len(desk.said("reservation.accept")) == 1


def test_command_over_which_the_server_stumbles_is_given_up(desk: FakeDesk, opened: Callable[..., Page]) -> None:
    page = with_one_conversation(opened)
    desk.answers = False
    write(page, "poison")
    for time in range(1, 4):
        desk.wait_for(lambda frame: frame["do"] == "message.post", count=time)
        desk.close(1011)

    expect(page.locator(".trouble")).to_contain_text("The server cannot take this.")
    expect(page.locator("[data-link=online]")).to_be_visible()
    assert len(desk.said("message.post")) == 3


def test_heartbeat_is_answered_with_what_was_seen(desk: FakeDesk, opened: Callable[..., Page]) -> None:
    with_one_conversation(opened)

    desk.heartbeat()

    assert desk.wait_for(lambda frame: frame["do"] == "ping") == [{"do": "ping", "cursors": {AUDIENCE: 0}}]


def test_shown_tab_asks_at_once_for_what_it_missed(desk: FakeDesk, opened: Callable[..., Page]) -> None:
    page = with_one_conversation(opened)

    desk.event("message.added", cast.message(1, 2, "while you slept"), deliver=False)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(page.locator(".message-body")).to_have_text(["message 1", "while you slept"])
    assert desk.connections == 1


def test_too_long_an_absence_brings_a_fresh_snapshot(desk: FakeDesk, opened: Callable[..., Page]) -> None:
    page = with_one_conversation(opened)
    desk.cut()
    desk.forget_cursors = True
    desk.snapshot["conversations"] = [cast.conversation(2)]
    desk.snapshot["messages"] = []
    desk.mend()

    expect(page.locator(".work-name")).to_have_text(["Customer 2"])
    expect(page.locator("#conversation")).to_contain_text("no longer on your desk")


@pytest.mark.parametrize(
    ("code", "state", "words"), [(4401, "ended", "Your session has ended."), (4403, "denied", "no access")]
)
def test_final_close_codes_say_so_and_stop_trying(
    desk: FakeDesk, opened: Callable[..., Page], code: int, state: str, words: str
) -> None:
    page = opened()

    desk.close(code)

    expect(page.locator(f".banner-{state}")).to_contain_text(words)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator(f"[data-link={state}]")).to_be_visible()
    assert desk.connections == 1


@pytest.mark.parametrize("how", ["drain", "close"])
def test_restart_has_its_own_words_and_mends_itself(desk: FakeDesk, opened: Callable[..., Page], how: str) -> None:
    page = opened()
    desk.reachable = False

    if how == "drain":
        desk.send({"t": "drain"})
    else:
        desk.close(1012)

    expect(page.locator(".banner-restarting")).to_contain_text("The server is restarting.")
    desk.mend()
    expect(page.locator("[data-link=online]")).to_be_visible()


def test_refused_handshake_of_an_ended_session_is_recognised(desk: FakeDesk, opened: Callable[..., Page]) -> None:
    page = opened()

    desk.signed_in = False
    desk.cut()

    for _ in range(4):
        page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator(".banner-ended")).to_be_visible(timeout=20_000)


def test_slow_reader_comes_back_by_cursor(desk: FakeDesk, opened: Callable[..., Page]) -> None:
    page = with_one_conversation(opened)

    desk.event("message.added", cast.message(1, 2, "too much"), deliver=False)
    desk.close(4408)

    expect(page.locator(".message-body")).to_have_text(["message 1", "too much"])
