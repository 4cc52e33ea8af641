"""What the agent sees and does."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from . import cast
from .fake_desk import FakeDesk

pytestmark = pytest.mark.browser

CH1 = cast.sid("CH", 1)
Opened = Callable[..., Page]


def conversation_of(rows: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    last = max((row["index"] for row in rows), default=0)
    return {"conversations": [cast.conversation(1, last_index=last, **changes)], "messages": rows}


def test_countdown_follows_the_servers_clock(desk: FakeDesk, opened: Opened) -> None:
    desk.skew = timedelta(hours=1)

    page = opened(reservations=[cast.reservation(1, expires_at=cast.ahead(hours=1, seconds=45))])

    expect(page.locator(".countdown-text")).to_have_text("44")


def test_offer_tells_what_matters_and_is_announced_once(desk: FakeDesk, opened: Opened) -> None:
    page = opened()
    offer = cast.reservation(1)
    offer["task"]["attributes"]["summary"] = "Wants her money back"
    focused = page.evaluate("document.activeElement.tagName")

    desk.event("reservation.created", offer)

    card = page.locator(".offer-card")
    for words in ("Customer 1", "SMS", "Orders", "Where is my parcel?", "Wants her money back"):
        expect(card).to_contain_text(words)
    expect(page.locator("#say-assertive")).to_have_text("New offer: SMS from Customer 1. Alt+A accepts.")
    expect(page).to_have_title("(1) Desk")
    assert page.evaluate("document.activeElement.tagName") == focused
    desk.event("reservation.created", offer | {"version": 2})
    assert page.locator("#say-assertive p").count() == 1


def test_accepting_opens_the_conversation_with_what_was_said_before(desk: FakeDesk, opened: Opened) -> None:
    desk.history[CH1] = [cast.message(1, index) for index in range(1, 4)]
    page = opened(reservations=[cast.reservation(1)])

    page.get_by_role("button", name="Accept").click()
    [accept] = desk.wait_for(lambda frame: frame["do"] == "reservation.accept")
    desk.event("reservation.accepted", cast.reservation(1, status="accepted", version=2), ref=accept["ref"])
    desk.event(
        "participant.added",
        {"conversation": cast.conversation(1, last_index=3, read_index=0), "worker_sid": cast.WORKER_SID},
    )

    assert accept["reservation"] == cast.sid("WR", 1)
    expect(page.locator(".message-body")).to_have_text(["message 1", "message 2", "message 3"])
    expect(page.locator(".offer-card")).to_have_count(0)
    expect(page.locator("#composer-text")).to_be_focused()
    [read] = desk.wait_for(lambda frame: frame["do"] == "conversation.read")
    assert (read["conversation"], read["index"]) == (CH1, 3)


def test_alt_a_accepts_and_reject_rejects(desk: FakeDesk, opened: Opened) -> None:
    page = opened(reservations=[cast.reservation(1), cast.reservation(2, date_created=cast.ago(seconds=1))])

    page.locator(".offer-card").nth(1).get_by_role("button", name="Reject").click()
    page.keyboard.press("Alt+KeyA")

    [reject] = desk.wait_for(lambda frame: frame["do"] == "reservation.reject")
    [accept] = desk.wait_for(lambda frame: frame["do"] == "reservation.accept")
    assert (reject["reservation"], accept["reservation"]) == (cast.sid("WR", 2), cast.sid("WR", 1))


def test_refused_command_is_explained(desk: FakeDesk, opened: Opened) -> None:
    desk.answers = False
    page = opened(reservations=[cast.reservation(1)])
    page.get_by_role("button", name="Accept").click()
    [accept] = desk.wait_for(lambda frame: frame["do"] == "reservation.accept")

    desk.send(
        {"t": "error", "ref": accept["ref"], "code": "stale", "message": "Somebody else was faster.", "field": None}
    )

    expect(page.locator(".toast")).to_contain_text("Somebody else was faster.")


def test_offer_that_ends_by_itself_is_explained(desk: FakeDesk, opened: Opened) -> None:
    page = opened(reservations=[cast.reservation(1)])

    desk.event("reservation.timeout", cast.reservation(1, status="timeout", version=2))

    expect(page.locator(".toast")).to_contain_text("Time ran out: the offer of Customer 1 went back to the queue.")
    expect(page.locator(".offer-card")).to_have_count(0)


def test_agent_sent_away_is_told_so_above_the_open_work(desk: FakeDesk, opened: Opened) -> None:
    page = opened(conversations=[cast.conversation(1, last_index=1)], messages=[cast.message(1, 1)])
    expect(page.locator(".work-line")).to_have_count(1)
    expect(page.locator(".work-away")).to_have_count(0)

    desk.event("worker.activity.update", cast.worker(available=False, version=2))
    page.locator(".work-away").get_by_role("button", name="Switch to Available").click()

    [switch] = desk.wait_for(lambda frame: frame["do"] == "activity.set")
    assert switch["activity"] == cast.AVAILABLE["sid"]


def test_activity_is_switched_from_the_menu(desk: FakeDesk, opened: Opened) -> None:
    page = opened()

    page.get_by_role("button", name="Activity: Available").click()
    page.get_by_role("menuitemradio", name="Break").click()

    [switch] = desk.wait_for(lambda frame: frame["do"] == "activity.set")
    assert switch["activity"] == cast.BREAK["sid"]
    desk.event("worker.activity.update", cast.worker(available=False, version=2))
    expect(page.get_by_role("button", name="Activity: Break")).to_be_visible()
    expect(page.locator(".pane-list")).to_contain_text("You are away")


def test_empty_states_tell_quiet_from_away(desk: FakeDesk, opened: Opened) -> None:
    page = opened()

    expect(page.locator(".pane-list")).to_contain_text("All quiet")
    expect(page.locator("#conversation")).to_contain_text("No conversation open")


CONTRAST = """() => {
  const ink = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (colors) => {
    ink.clearRect(0, 0, 1, 1);
    for (const color of colors) { ink.fillStyle = color; ink.fillRect(0, 0, 1, 1); }
    return [...ink.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (channels) => {
    const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = channels.map((c) => linear(c / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const grounds = (el) => (el ? [...grounds(el.parentElement), getComputedStyle(el).backgroundColor] : ["Canvas"]);
  const poor = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const el = walk.currentNode.parentElement;
    const hidden = el.closest("script, .visually-hidden, :disabled") || !el.checkVisibility();
    if (hidden || !walk.currentNode.data.trim()) continue;
    const under = grounds(el);
    const [a, b] = [light(rgb([...under, getComputedStyle(el).color])), light(rgb(under))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const words = walk.currentNode.data.trim().slice(0, 30);
    if (ratio < 4.5) poor.push(`${ratio.toFixed(2)} ${el.className || el.tagName} ${words}`);
  }
  return poor;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_the_contrast_of_wcag_aa(opened: Opened, page: Page, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    rows = [
        cast.message(1, 1, "see https://example.com"),
        cast.outbound(1, 2, author={"kind": "bot", "sid": "", "name": "Bot"}, status="read"),
        cast.outbound(1, 3, status="failed", error_code=30007),
        cast.outbound(1, 4, status="unknown"),
        cast.outbound(1, 5, status="delivered"),
    ]
    handoff = {
        "summary": "short",
        "by": "Bot",
        "context": {"order": 1},
        "transcript": [{"author": "bot", "body": "hi"}],
    }
    others = [cast.conversation(2, last_index=3, read_index=1), cast.conversation(3)]
    parts = conversation_of(rows, attributes={"handoff": handoff})
    parts["conversations"] += others
    offer = cast.reservation(9)
    offer["task"]["attributes"]["summary"] = "in short"

    opened(at=f"#{CH1}", reservations=[cast.reservation(1, status="wrapping"), offer], **parts)
    page.locator("details summary").last.click()
    expect(page.locator(".trouble")).to_have_count(2)

    assert page.evaluate(CONTRAST) == []


HOSTILE = [
    "<script>window.owned = 1</script><img src=x onerror='window.owned = 1'>",
    "Robert'); DROP TABLE messages;--",
    "👩‍👩‍👧 مرحبا \u202e txt.exe 🏳️‍🌈",
    "{{ constructor }} ${7*7} %(name)s",
]


def test_hostile_text_is_only_text(desk: FakeDesk, opened: Opened) -> None:
    name = "<b>Mallory</b>"
    rows = [cast.message(1, at, body) for at, body in enumerate(HOSTILE, start=1)]
    attributes = {
        "handoff": {
            "summary": HOSTILE[0],
            "by": name,
            "context": {"<i>": HOSTILE[0]},
            "transcript": [{"author": name, "body": HOSTILE[0]}],
        }
    }

    page = opened(at=f"#{CH1}", **conversation_of(rows, contact={"sid": "CT", "name": name}, attributes=attributes))

    assert page.locator(".message-body").all_text_contents() == HOSTILE
    expect(page.locator(".conversation-who h2")).to_have_text(name)
    expect(page.locator(".handoff-summary")).to_have_text(HOSTILE[0])
    assert page.locator(".message-list script, .message-list img, .pane-customer b, .pane-customer i").count() == 0
    assert page.evaluate("window.owned") is None


def test_ticks_climb_and_failures_say_why(desk: FakeDesk, opened: Opened) -> None:
    page = opened(at=f"#{CH1}", **conversation_of([cast.outbound(1, 1, "on its way")]))
    for version, status in enumerate(("sending", "sent", "delivered", "read"), start=2):
        desk.event("message.updated", cast.outbound(1, 1, "on its way", status=status, version=version))
        expect(page.locator(".ticks")).to_have_attribute("data-status", status)

    desk.event("message.added", cast.outbound(1, 2, "nobody home", status="undelivered", error_code=30003))
    trouble = page.locator(".trouble")
    expect(trouble).to_contain_text("Not delivered. The phone is off or out of reach. Try again later. Error 30003")
    trouble.get_by_role("button", name="Resend").click()

    [resend] = desk.wait_for(lambda frame: frame["do"] == "message.resend")
    assert resend["message"] == cast.sid("IM", 100_002)


def test_refused_post_can_be_sent_again_or_discarded(desk: FakeDesk, opened: Opened) -> None:
    desk.answers = False
    page = opened(at=f"#{CH1}", **conversation_of([cast.message(1, 1)]))
    page.locator("#composer-text").fill("hello")
    page.keyboard.press("Control+Enter")
    [first] = desk.wait_for(lambda frame: frame["do"] == "message.post")
    desk.send(
        {"t": "error", "ref": first["ref"], "code": "invalid", "message": "The window is closed.", "field": "body"}
    )
    expect(page.locator(".trouble")).to_contain_text("The window is closed.")

    page.get_by_role("button", name="Resend").click()

    second = desk.wait_for(lambda frame: frame["do"] == "message.post", count=2)[1]
    assert second["ref"] != first["ref"]
    assert second["body"] == "hello"


def test_closed_conversation_says_why_nothing_can_be_written(desk: FakeDesk, opened: Opened) -> None:
    page = opened(at=f"#{CH1}", **conversation_of([cast.message(1, 1)]))

    desk.event("conversation.closed", cast.conversation(1, state="closed", version=2, last_index=1))

    expect(page.locator(".composer-closed")).to_contain_text("This conversation is closed.")
    expect(page.locator("#composer-text")).to_have_count(0)


def test_going_up_loads_older_pages_and_keeps_the_place(desk: FakeDesk, opened: Opened) -> None:
    rows = [cast.message(1, index) for index in range(1, 131)]
    desk.history[CH1] = rows
    page = opened(at=f"#{CH1}", **conversation_of(rows[-50:]))
    place = page.locator("[data-index='81']")
    expect(page.locator("[data-index='130']")).to_be_in_viewport()

    page.locator(".message-list").evaluate("(list) => { list.scrollTop = 100; }")

    expect(page.locator("[data-index='31']")).to_be_attached()
    expect(place).to_be_in_viewport()
    page.locator(".message-list").evaluate("(list) => { list.scrollTop = 0; }")
    expect(page.locator("[data-index='1']")).to_be_attached()
    expect(page.locator(".list-top")).to_have_text("The conversation begins here.")


def test_news_below_are_counted_and_not_read_until_seen(desk: FakeDesk, opened: Opened) -> None:
    rows = [cast.message(1, index) for index in range(1, 51)]
    page = opened(at=f"#{CH1}", **conversation_of(rows))
    expect(page.locator("[data-index='50']")).to_be_in_viewport()
    page.locator(".message-list").evaluate("(list) => { list.scrollTop = 400; }")
    expect(page.locator(".pill")).to_be_visible()

    desk.event("message.added", cast.message(1, 51, "look here"))
    expect(page.locator(".pill")).to_have_text("1 new message")
    expect(page.locator(".unread")).to_contain_text("1")
    assert desk.said("conversation.read") == []
    page.locator(".pill").click()

    [read] = desk.wait_for(lambda frame: frame["do"] == "conversation.read")
    assert read["index"] == 51
    expect(page.locator("[data-index='51']")).to_be_in_viewport()


def test_drafts_belong_to_their_conversation(desk: FakeDesk, opened: Opened) -> None:
    page = opened(at=f"#{CH1}", conversations=[cast.conversation(1), cast.conversation(2)])
    page.locator("#composer-text").fill("for the first")

    page.keyboard.press("Alt+KeyJ")
    expect(page.locator(".conversation-who h2")).to_have_text("Customer 2")
    expect(page.locator("#composer-text")).to_have_value("")
    page.keyboard.press("Alt+KeyK")

    expect(page.locator("#composer-text")).to_have_value("for the first")


def test_typing_is_shown_and_sent(desk: FakeDesk, opened: Opened) -> None:
    page = opened(at=f"#{CH1}", conversations=[cast.conversation(1)])

    desk.send(
        {"t": "blip", "kind": "typing", "conversation": CH1, "author": {"kind": "customer", "name": "Customer 1"}}
    )
    expect(page.locator(".typing")).to_contain_text("Customer 1 is typing")
    desk.event("message.added", cast.message(1, 1, "done"))
    expect(page.locator(".typing")).to_have_count(0)
    page.locator("#composer-text").press_sequentially("hello")

    assert [frame["conversation"] for frame in desk.wait_for(lambda frame: frame["do"] == "typing")] == [CH1]


def test_wrap_up_and_complete(desk: FakeDesk, opened: Opened) -> None:
    page = opened(
        at=f"#{CH1}", reservations=[cast.reservation(1, status="accepted")], **conversation_of([cast.message(1, 1)])
    )

    page.get_by_role("button", name="Wrap up").click()
    [wrap_up] = desk.wait_for(lambda frame: frame["do"] == "task.wrap_up")
    desk.event("reservation.wrapup", cast.reservation(1, status="wrapping", version=2))
    expect(page.locator(".work-group", has_text="Wrapping up").locator(".work-name")).to_have_text("Customer 1")
    page.get_by_label("Outcome").select_option("resolved")
    page.get_by_label("Note").fill("sent a new parcel")
    page.get_by_role("button", name="Complete").click()

    [complete] = desk.wait_for(lambda frame: frame["do"] == "task.complete")
    assert wrap_up["task"] == cast.sid("WT", 1)
    assert (complete["task"], complete["disposition"], complete["note"]) == (
        cast.sid("WT", 1),
        "resolved",
        "sent a new parcel",
    )


def test_unsafe_media_address_is_never_linked(desk: FakeDesk, opened: Opened) -> None:
    media = [
        {
            "sid": cast.sid("ME", 1),
            "content_type": "image/png",
            "size": 1,
            "status": "ready",
            "url": "javascript:alert(1)",
        }
    ]

    page = opened(at=f"#{CH1}", **conversation_of([cast.message(1, 1, media=media)]))

    expect(page.locator(".media-missing")).to_be_visible()
    assert page.locator(".media-box[href], .media-box img").count() == 0


def test_details_of_a_message_are_told_and_links_are_safe(desk: FakeDesk, opened: Opened) -> None:
    place = {"latitude": 38.7223, "longitude": -9.1393, "name": "Café <b>", "address": "Rua 1"}
    told = [
        {"location": place},
        {"choice": {"kind": "button", "text": "Yes", "payload": "y"}, "quote": {"index": 1, "body": "Shall we?"}},
        {"referral": {"headline": "Sale", "body": "", "source_type": "ad", "source_url": "javascript:alert(1)"}},
        {"forwarded": "often", "location": {"latitude": "x", "longitude": 0, "name": "Nowhere", "address": ""}},
    ]
    bodies = ["", "Yes", "Hello", "Look"]
    messages = [cast.message(1, n, bodies[n - 1], details=told[n - 1]) for n in range(1, 5)]

    page = opened(at=f"#{CH1}", **conversation_of(messages))

    bubbles = page.locator(".bubble")
    expect(bubbles.nth(0)).to_contain_text("Location: Café <b>, Rua 1")
    link = bubbles.nth(0).locator("a")
    expect(link).to_have_attribute(
        "href", "https://www.openstreetmap.org/?mlat=38.7223&mlon=-9.1393#map=16/38.7223/-9.1393"
    )
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(bubbles.nth(1).locator("blockquote")).to_have_text("Shall we?")
    expect(bubbles.nth(1)).to_contain_text("Chosen from the options")
    expect(bubbles.nth(2)).to_contain_text("Came from an ad: Sale")
    expect(bubbles.nth(3)).to_contain_text("Forwarded many times")
    expect(bubbles.nth(3)).to_contain_text("Location: Nowhere")
    assert bubbles.nth(2).locator("a").count() == bubbles.nth(3).locator("a").count() == 0


def test_phone_shows_one_pane_and_back_returns_to_the_list(desk: FakeDesk, opened: Opened, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 780})
    opened(conversations=[cast.conversation(1)])
    expect(page.locator(".pane-conversation")).to_be_hidden()

    page.locator(".work-line").click()
    expect(page.locator(".pane-list")).to_be_hidden()
    page.get_by_role("link", name="About the customer").click()
    expect(page.locator(".pane-customer")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Back to the list").click()

    expect(page.locator(".pane-list")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_user_without_a_worker_is_told_so(desk: FakeDesk, page: Page) -> None:
    page.goto(f"{desk.address}/page/no_worker.html")

    expect(page.get_by_role("heading", name="You have no place at the desk")).to_be_visible()
    expect(page.get_by_role("link", name="Open the admin")).to_have_attribute("href", "/admin/")
