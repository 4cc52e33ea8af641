"""Campaigns by API: made, started, watched, and nobody else's."""

import pytest

from campaigns import actions
from campaigns.models import Campaign, Recipient
from conversations.actions import services
from conversations.models import Message
from kernel import sids
from tests import people

PATH = "/api/v1/campaigns"


def wanted(**changes):
    return {
        "name": "Reminders",
        "from": "+15550001000",
        "body": "Hello {{name}}",
        "rate": 100,
        "recipients": [
            {"to": "+15550100001", "variables": {"name": "Ana"}},
            {"to": "nope", "variables": {"name": "Ben"}},
            {"to": "+15550100003"},
        ],
    } | changes


def test_a_list_goes_out_and_the_bad_rows_come_back(desk, bot):
    answer = bot.post(PATH, wanted(start=True))

    assert answer.status_code == 201, answer.json()
    told = answer.json()
    assert [(row["line"], row["code"]) for row in told["rejected"]] == [(2, "bad-address"), (3, "missing")]
    assert told["rejected"][1]["message"] == "Nothing stands for {{name}}."
    assert (told["state"], told["progress"]["total"]) == ("running", 1)
    assert actions.send_some(told["sid"]) == 1
    after = bot.get(f"{PATH}/{told['sid']}").json()
    assert (after["state"], after["progress"]["results"]["queued"]) == ("finished", 1)
    (row,) = bot.get(f"{PATH}/{told['sid']}/recipients").json()["recipients"]
    assert (row["to"], row["result"], row["message_sid"]) == ("+15550100001", "queued", Message.objects.get().sid)


def test_a_messaging_service_may_be_where_it_comes_from(desk, bot, stranger):
    made = services.create_service(
        desk.home.workspace, sid=sids.new("MG"), friendly_name="Reminders", actor=people.SYSTEM
    )
    services.set_pool(made, addresses=[desk.address], actor=people.SYSTEM)

    answer = bot.post(PATH, wanted(**{"from": made.sid}))
    foreign = stranger.post(PATH, wanted(**{"from": made.sid}))
    other = bot.post(PATH, wanted(**{"from": made.sid}, channel="rcs"))

    assert answer.status_code == 201, answer.json()
    assert (answer.json()["sender"], answer.json()["channel"]) == (made.sid, "sms")
    assert (foreign.status_code, other.status_code) == (404, 400)
    assert Campaign.objects.get().service == made


def test_the_same_ref_makes_no_second_campaign(desk, bot):
    first = bot.post(PATH, wanted(ref="june"))
    again = bot.post(PATH, wanted(ref="june"))

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["sid"] == again.json()["sid"]
    assert Recipient.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"from": "+15559999999"}, 404, "from"),
        ({"body": "Hi {{first name}}"}, 400, "body"),
        ({"rate": 1000}, 400, "rate"),
        ({"country": "mexico"}, 400, "country"),
        ({"country": "XX"}, 400, "country"),
        ({"calendar": "nope"}, 404, None),
        ({"start": True, "recipients": [{"to": "nope"}]}, 400, "recipients"),
        ({"receivers": []}, 400, "receivers"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_made(desk, bot, changes, status, field):
    answer = bot.post(PATH, wanted(**changes))

    assert (answer.status_code, answer.json()["field"]) == (status, field), answer.json()
    assert not Campaign.objects.exists()


def test_each_verb_and_its_refusal(desk, bot):
    sid = bot.post(PATH, wanted()).json()["sid"]

    def do(verb):
        answer = bot.post(f"{PATH}/{sid}", {"do": verb})
        return answer.status_code, answer.json().get("state")

    assert do("pause") == (409, None)
    assert do("start") == (200, "running")
    assert bot.post(f"{PATH}/{sid}/recipients", {"recipients": [{"to": "+15550100009"}]}).status_code == 409
    assert do("pause") == (200, "paused")
    assert do("resume") == (200, "running")
    assert do("cancel") == (200, "canceled")
    assert do("start") == (409, None)
    assert bot.post(f"{PATH}/{sid}", {"do": "fly"}).status_code == 400
    assert not Message.objects.exists()


def test_rows_are_added_to_a_draft_and_read_by_page(desk, bot):
    sid = bot.post(PATH, wanted()).json()["sid"]
    more = [{"to": f"555 010 00{n:02d}", "variables": {"name": f"N{n}"}} for n in range(10, 15)]

    answer = bot.post(f"{PATH}/{sid}/recipients", {"recipients": more, "country": "US"})

    assert (answer.status_code, answer.json()["progress"]["total"]) == (200, 6)
    first = bot.get(f"{PATH}/{sid}/recipients", limit=4).json()
    rest = bot.get(f"{PATH}/{sid}/recipients", limit=4, after=first["next_after"]).json()
    assert [len(first["recipients"]), len(rest["recipients"]), rest["next_after"]] == [4, 2, None]
    assert bot.get(f"{PATH}/{sid}/recipients", result="failed").json()["recipients"] == []


def test_nobody_elses_campaign_is_seen_or_touched(desk, bot, stranger):
    sid = bot.post(PATH, wanted()).json()["sid"]

    assert stranger.get(f"{PATH}/{sid}").status_code == 404
    assert stranger.post(f"{PATH}/{sid}", {"do": "start"}).status_code == 404
    assert stranger.get(f"{PATH}/{sid}/recipients").status_code == 404
    assert stranger.post(PATH, wanted()).status_code == 404
    assert stranger.get(PATH).json()["campaigns"] == []
    assert [row["sid"] for row in bot.get(PATH).json()["campaigns"]] == [sid]
