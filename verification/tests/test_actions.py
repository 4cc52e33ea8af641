"""One-time codes: sent, sent again, checked, and never to be found where they do not belong."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import structlog
from django.db import connection

from accounts.queries import auth_token
from carriers.base import CarrierError, OutboundMessage, SendResult
from conversations.models import Message
from eventlog.dbclock import database_now
from eventlog.models import Event
from kernel import clock
from kernel.actor import SYSTEM, Actor
from kernel.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, TooMany
from taskrouter.tests.conftest import Caller
from tests import people
from tests.people import House
from verification import actions, tasks, timers
from verification.actions import ServiceForm
from verification.core import limits
from verification.models import Sending, Service, Verification

pytestmark = pytest.mark.django_db

TO = "+573001234567"


@pytest.fixture
def home() -> House:
    home = people.full_house()
    people.address(home)
    people.address(home, "whatsapp:+15550002000", channel="whatsapp")
    return home


@pytest.fixture
def key(home: House) -> Actor:
    scopes = frozenset({"verify:write"})
    return Actor("key", sid="SK" + "1" * 32, account_sid=home.account.sid, scopes=scopes)


@pytest.fixture
def service(home: House) -> Service:
    return actions.create_service(home.workspace, form=ServiceForm("Clinic"), actor=home.actor("Bo"))


class Phone:
    """A carrier that takes everything, or fails as it is told."""

    def __init__(self) -> None:
        self.sent: list[OutboundMessage] = []
        self.error: CarrierError | None = None

    def send(self, message: OutboundMessage) -> SendResult:
        if self.error is not None:
            raise self.error
        self.sent.append(message)
        return SendResult(provider_sid=f"SM{len(self.sent)}", status="queued")

    @property
    def code(self) -> str:
        found = re.search(r": (\d+)\.", self.sent[-1].body)
        assert found is not None
        return found[1]


@pytest.fixture
def phone(monkeypatch: pytest.MonkeyPatch) -> Phone:
    made = Phone()
    monkeypatch.setattr("verification.tasks.carrier", lambda: made)
    return made


def start(service: Service, key: Actor, **changes: Any) -> Verification:
    given = {"to": TO, "channel": "sms", "locale": ""} | changes
    row = actions.start(service, actor=key, **given)
    for sid in Sending.objects.filter(status="queued").values_list("sid", flat=True):
        tasks.deliver(sid)
    return row


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}d}"


def refused(kind: type[DomainError], *, code: str = "", field: str | None = None) -> Any:
    return pytest.raises(kind, check=lambda e: (not code or e.code == code) and (field is None or e.field == field))


def test_the_right_code_approves_and_nothing_is_left_of_it(service: Service, key: Actor, phone: Phone) -> None:
    row = start(service, key)
    code = phone.code
    assert (len(code), row.status, Sending.objects.get().status) == (6, "pending", "sent")
    assert row.code_digest != code
    assert code not in row.code_sealed

    assert actions.check(service, to=TO, code=wrong(code), actor=key).status == "pending"
    approved = actions.check(service, to=TO, code=code, actor=key)

    assert (approved.status, approved.code_digest, approved.code_sealed, approved.checks) == ("approved", "", "", 2)
    with refused(NotFound):
        actions.check(service, to=TO, code=code, actor=key)


def test_the_code_stands_in_no_event_no_log_and_no_table(service: Service, key: Actor, phone: Phone) -> None:
    with structlog.testing.capture_logs() as logs:
        start(service, key)
        phone.error = CarrierError(f"{TO} is not valid", code="21211", outcome="rejected")
        start(service, key)

    told = str(logs) + str(list(Event.objects.values()))
    assert phone.code not in told
    assert TO not in told
    assert Message.objects.count() == 0
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            assert not any(phone.code == str(value) for row in cursor.fetchall() for value in row), table


def test_within_its_life_the_same_code_is_sent_again(service: Service, key: Actor, phone: Phone) -> None:
    first = start(service, key)
    again = start(service, key, channel="whatsapp")

    assert again.pk == first.pk
    codes = {re.search(r": (\d+)\.", message.body)[1] for message in phone.sent}  # type: ignore[index]
    assert len(codes) == 1
    assert [(m.channel, m.to_address, m.from_address) for m in phone.sent] == [
        ("sms", TO, people.OURS),
        ("whatsapp", f"whatsapp:{TO}", "whatsapp:+15550002000"),
    ]
    assert (again.sends, again.channel) == (2, "whatsapp")


def test_five_wrong_codes_end_it_until_it_expires(service: Service, key: Actor, phone: Phone) -> None:
    row = start(service, key)
    code = phone.code
    states = [actions.check(service, to=TO, code=wrong(code), actor=key).status for _ in range(5)]

    assert states == ["pending"] * 4 + ["max_attempts_reached"]
    with refused(TooMany, code="max-checks"):
        actions.check(service, to=TO, code=code, actor=key)
    with refused(TooMany, code="max-checks"):
        start(service, key)
    row.refresh_from_db()
    assert (row.code_digest, row.code_sealed, row.checks) == ("", "", 5)

    Verification.objects.update(expires_at=clock.now())
    assert start(service, key).pk != row.pk


def test_it_is_sent_five_times_at_most(service: Service, key: Actor, phone: Phone) -> None:
    for _ in range(limits.MAX_SENDS):
        start(service, key)

    with refused(TooMany, code="max-sends"):
        start(service, key)
    assert len(phone.sent) == limits.MAX_SENDS


def test_after_ten_minutes_it_is_over_and_a_new_code_comes(service: Service, key: Actor, phone: Phone) -> None:
    row = start(service, key)
    old = phone.code
    assert row.expires_at - row.created_at == timedelta(minutes=10)
    Verification.objects.update(expires_at=clock.now())

    with refused(NotFound):
        actions.check(service, to=TO, code=old, actor=key)
    fresh = start(service, key)

    row.refresh_from_db()
    assert (row.status, row.code_sealed, fresh.status) == ("expired", "", "pending")
    assert fresh.pk != row.pk


def test_the_sweep_ends_what_is_over(service: Service, key: Actor, phone: Phone) -> None:
    row = start(service, key)

    timers.drive(row.expires_at - timedelta(seconds=1))
    row.refresh_from_db()
    assert row.status == "pending"
    timers.drive(row.expires_at)

    row.refresh_from_db()
    assert (row.status, row.code_digest) == ("expired", "")
    assert Event.objects.filter(type="verification.expired").count() == 1


def test_a_canceled_one_counts_no_more(service: Service, key: Actor, phone: Phone) -> None:
    row = start(service, key)
    actions.cancel(row, actor=key)

    with refused(NotFound):
        actions.check(service, to=TO, code=phone.code, actor=key)
    with refused(Conflict):
        actions.cancel(row, actor=key)


@pytest.mark.parametrize(
    ("to", "locale", "words"),
    [
        (TO, "", "Tu clave de Clinic es: "),
        ("+15005550006", "", "Your Clinic verification code is"),
        (TO, "en", "Your Clinic verification code is"),
        ("+15005550006", "es-MX", "Tu clave de Clinic es: "),
        (TO, "fr", "Your Clinic verification code is"),
    ],
)
def test_the_text_is_in_the_language_asked_for_or_spoken_there(
    service: Service, key: Actor, phone: Phone, *, to: str, locale: str, words: str
) -> None:
    start(service, key, to=to, locale=locale)

    assert phone.sent[0].body.startswith(words)


@pytest.mark.parametrize("length", [4, 10])
def test_codes_are_as_long_as_the_service_says(home: House, key: Actor, phone: Phone, length: int) -> None:
    form = ServiceForm("Shop", code_length=length)
    made = actions.create_service(home.workspace, form=form, actor=home.actor("Bo"))
    start(made, key)

    assert len(phone.code) == length
    assert actions.check(made, to=TO, code=phone.code, actor=key).status == "approved"


def test_whatsapp_gets_the_template_that_is_set(home: House, key: Actor, phone: Phone) -> None:
    form = ServiceForm("Shop", content_sid="HX" + "1" * 32)
    made = actions.create_service(home.workspace, form=form, actor=home.actor("Bo"))

    start(made, key, channel="whatsapp")

    assert phone.sent[0].content_sid == "HX" + "1" * 32
    assert phone.sent[0].content_variables == {"1": phone.code}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"to": "3001234567"}, "to"),
        ({"to": "hello"}, "to"),
        ({"channel": "call"}, "channel"),
    ],
)
def test_what_cannot_be_sent_is_refused_by_field(
    service: Service, key: Actor, changes: dict[str, str], field: str
) -> None:
    with refused(Invalid, code="bad-parameter", field=field):
        start(service, key, **changes)
    assert not Verification.objects.exists()


def test_without_a_sender_nothing_begins(key: Actor) -> None:
    home = people.house("Other")
    made = actions.create_service(home.workspace, form=ServiceForm("Shop"), actor=SYSTEM)
    theirs = Actor("key", sid="SK2", account_sid=home.account.sid, scopes=frozenset({"verify:write"}))

    with refused(Conflict, field="channel"):
        start(made, theirs)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"friendly_name": " "}, "friendly_name"),
        ({"friendly_name": "x" * 31}, "friendly_name"),
        ({"friendly_name": "Code 1-2-3-4-5"}, "friendly_name"),
        ({"code_length": 3}, "code_length"),
        ({"code_length": 11}, "code_length"),
        ({"content_sid": "HX1"}, "content_sid"),
    ],
)
def test_a_service_that_cannot_be_is_refused_by_field(home: House, changes: dict[str, Any], field: str) -> None:
    with refused(Invalid, field=field):
        form = ServiceForm(**({"friendly_name": "Shop"} | changes))
        actions.create_service(home.workspace, form=form, actor=home.actor("Bo"))
    assert not Service.objects.exists()


def test_who_may(home: House, service: Service, key: Actor) -> None:
    other = Actor("key", sid="SK3", account_sid=home.account.sid, scopes=frozenset({"conversations:read"}))
    foreign = Actor("key", sid="SK4", account_sid="AC" + "9" * 32, scopes=key.scopes)
    for who in (other, foreign, home.actor("Ada")):
        with pytest.raises(Forbidden):
            start(service, who)
        with pytest.raises(Forbidden):
            actions.check(service, to=TO, code="123456", actor=who)
        with pytest.raises(Forbidden):
            actions.create_service(home.workspace, form=ServiceForm("X"), actor=who)
    assert not Sending.objects.exists()


# --- how often ---


def test_a_number_gets_so_many_in_an_hour_over_all_services(home: House, key: Actor, phone: Phone) -> None:
    form = ServiceForm("Shop")
    several = [actions.create_service(home.workspace, form=form, actor=home.actor("Bo")) for _ in range(3)]
    for made in several[:2]:
        for _ in range(5):
            start(made, key)

    with refused(TooMany, code="too-many"):
        start(several[2], key)

    Sending.objects.update(created_at=clock.now() - timedelta(hours=1, seconds=1))
    assert start(several[2], key).status == "pending"


def test_a_block_of_numbers_gets_so_many(service: Service, key: Actor, phone: Phone) -> None:
    for number in range(20):
        start(service, key, to=f"+57300123{number:04d}")

    with refused(TooMany, code="too-many"):
        start(service, key, to="+573001239999")
    assert len(phone.sent) == 20
    assert start(service, key, to="+573009990001").status == "pending"


def test_a_key_gets_so_many_in_a_minute(
    service: Service, key: Actor, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = tuple(rate for rate in limits.RATES if rate.column != "key_sid")
    few = limits.Rate("key_sid", 2, timedelta(minutes=1))
    monkeypatch.setattr(limits, "RATES", (*rates, few))
    for number in ("+573001110001", "+573002220001"):
        start(service, key, to=number)

    with refused(TooMany, code="too-many"):
        start(service, key, to="+573003330001")


# --- what a refusal says of when ---


def asked(service: Service, path: str, **form: str) -> Any:
    """By the wire, with the account's own credentials."""
    account = service.workspace.account
    caller = Caller(account.sid, auth_token(account), service.workspace)
    body = urlencode({name.title(): value for name, value in form.items()})
    return caller.ask("POST", f"Services/{service.sid}/{path}", body, under="/verify/v2/")


def test_a_refusal_of_a_spent_verification_names_the_end_of_its_life(
    service: Service, key: Actor, phone: Phone
) -> None:
    start(service, key)
    for _ in range(5):
        actions.check(service, to=TO, code=wrong(phone.code), actor=key)
    Verification.objects.update(expires_at=database_now() + timedelta(seconds=90))
    answers = [
        asked(service, "VerificationCheck", to=TO, code=phone.code),
        asked(service, "Verifications", to=TO, channel="sms"),
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(429, 60202), (429, 60202)]
    assert all(80 <= int(answer["Retry-After"]) <= 90 for answer in answers)


def test_a_refusal_of_one_more_sending_names_when_there_is_a_place_again(
    service: Service, key: Actor, phone: Phone
) -> None:
    for number in range(20):
        start(service, key, to=f"+57300123{number:04d}")
    oldest = Sending.objects.order_by("pk").values_list("pk", flat=True)[:5]
    Sending.objects.filter(pk__in=list(oldest)).update(created_at=database_now() - timedelta(minutes=50))

    answer = asked(service, "Verifications", to="+573001239999", channel="sms")

    assert (answer.status_code, answer.json()["code"]) == (429, 20429)
    assert 590 <= int(answer["Retry-After"]) <= 600
    Sending.objects.filter(pk__in=list(oldest)).update(created_at=database_now() - timedelta(minutes=60))
    assert asked(service, "Verifications", to="+573001239999", channel="sms").status_code == 201


# --- on the way ---


def test_what_the_carrier_did_not_take_is_tried_again_and_given_up(service: Service, key: Actor, phone: Phone) -> None:
    phone.error = CarrierError("busy", code="20429", outcome="not_accepted", retry_after=3.0)
    start(service, key)
    row = Sending.objects.get()
    assert (row.status, row.attempts) == ("queued", 1)
    assert row.due_at is not None
    assert row.due_at > clock.now() + timedelta(seconds=2)
    tasks.deliver(row.sid)
    assert Sending.objects.get().attempts == 1

    for _ in range(limits.MAX_ATTEMPTS - 1):
        Sending.objects.update(due_at=clock.now() - timedelta(seconds=1))
        tasks.deliver(row.sid)
    assert Sending.objects.get().status == "failed"


@pytest.mark.parametrize(("outcome", "status"), [("rejected", "failed"), ("unknown", "unknown")])
def test_what_is_refused_or_unknown_is_not_sent_twice(
    service: Service, key: Actor, phone: Phone, outcome: Any, status: str
) -> None:
    phone.error = CarrierError("no", code="21614", outcome=outcome)
    start(service, key)
    row = Sending.objects.get()
    assert (row.status, row.error_code, row.due_at) == (status, "21614", None)

    phone.error = None
    tasks.deliver(row.sid)
    assert phone.sent == []


def test_a_lost_ring_and_a_dead_worker_are_found(
    service: Service, key: Actor, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[str] = []
    monkeypatch.setattr("verification.tasks.ring", rung.append)
    actions.start(service, to=TO, channel="sms", locale="", actor=key)
    row = Sending.objects.get()

    timers.drive(clock.now())
    assert rung == []
    timers.drive(clock.now() + timedelta(seconds=3))
    assert rung == [row.sid]

    assert actions.claim_sending(row.sid) is not None
    assert actions.claim_sending(row.sid) is None
    timers.drive(clock.now() + timedelta(seconds=31))
    assert Sending.objects.get().status == "unknown"


def test_a_code_that_is_over_does_not_go_out(service: Service, key: Actor, phone: Phone) -> None:
    row = actions.start(service, to=TO, channel="sms", locale="", actor=key)
    sid = Sending.objects.get().sid
    actions.cancel(row, actor=key)

    tasks.deliver(sid)

    assert phone.sent == []
    assert Sending.objects.get().status == "failed"


def test_numbers_are_forgotten_after_a_day_and_on_demand(service: Service, key: Actor, phone: Phone) -> None:
    actions.cancel(start(service, key), actor=key)
    start(service, key, to="+573009990001")
    later = clock.now() + timedelta(hours=24, seconds=1)

    assert actions.prune(later) is False
    assert Verification.objects.get().to == "+573009990001"
    actions.forget_numbers(["whatsapp:+573009990001"])
    assert not Verification.objects.exists()
    assert not Sending.objects.exists()
