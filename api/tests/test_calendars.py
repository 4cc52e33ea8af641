"""Is the office open? Programs ask before they promise an agent."""

import pytest

from api import openapi
from api.tests.conftest import make_desk, make_program
from api.tests.test_handoffs import problem
from hours.tests.factories import always, make_calendar

PATH = "/api/v1/calendars"
CHRISTMAS = "2026-12-25T09:00:00Z"


@pytest.fixture
def support(desk):
    return make_calendar(desk.home.workspace)


def test_a_calendar_tells_whether_why_and_until_when(bot, support):
    told = bot.get(f"{PATH}/support", at=CHRISTMAS)

    assert told.status_code == 200
    assert told.json() == {
        "sid": support.sid,
        "workspace_sid": support.workspace.sid,
        "unique_name": "support",
        "friendly_name": "Support",
        "time_zone": "Europe/Madrid",
        "at": "2026-12-25T09:00:00.000Z",
        "open": False,
        "reason": "holiday",
        "holiday": "Natividad del Señor",
        "override": None,
        "next_opening": "2026-12-28T08:00:00.000Z",
        "next_closing": "2026-12-28T17:00:00.000Z",
        "opens_in_minutes": 4260,
        "closes_in_minutes": 4800,
        "date": "2026-12-25",
        "time": "10:00",
        "weekday": "friday",
    }


def test_without_a_moment_it_is_now(bot, desk):
    make_calendar(desk.home.workspace, "ever", **always(is_open=True))

    assert bot.get(f"{PATH}/ever").json()["open"] is True


def test_a_sid_names_it_as_well(bot, support):
    assert bot.get(f"{PATH}/{support.sid}").json()["unique_name"] == "support"


def test_all_calendars_stand_in_the_list_by_name(bot, desk, support):
    make_calendar(desk.home.workspace, "sales")
    make_calendar(make_desk("Other", number="+15550003000").home.workspace, "strange")

    told = bot.get(PATH, at=CHRISTMAS).json()

    assert [each["unique_name"] for each in told["calendars"]] == ["sales", "support"]
    assert told["calendars"][1] == bot.get(f"{PATH}/support", at=CHRISTMAS).json()


@pytest.mark.parametrize("at", ["2026-12-25T10:00:00 01:00", "2026-12-25T10:00:00+01:00", "2026-12-25T09:00:00"])
def test_moments_may_have_a_zone_with_or_without_its_plus_encoded(bot, support, at):
    assert bot.get(f"{PATH}/support", at=at).json()["at"] == "2026-12-25T09:00:00.000Z"


@pytest.mark.parametrize("at", ["soon", "1812-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-02-30T00:00:00Z"])
def test_what_is_no_moment_of_ours_is_refused(bot, support, at):
    problem(bot.get(f"{PATH}/support", at=at), 400, field="at")


def test_a_misspelt_parameter_is_refused(bot, support):
    problem(bot.get(PATH, when=CHRISTMAS), 400, field="when")


def test_another_accounts_calendar_is_not_there(bot, support):
    stranger = make_program(make_desk("Other", number="+15550003000"), "handoffs:write")

    for name in ("support", support.sid, "nothing"):
        problem(stranger.get(f"{PATH}/{name}"), 404, code="not-found")


def test_answers_have_the_shape_that_the_document_tells(bot, support):
    schemas = openapi.document()["components"]["schemas"]

    assert set(bot.get(f"{PATH}/support").json()) == set(schemas["Calendar"]["properties"])
