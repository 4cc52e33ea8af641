import json
import stat
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from carriers.tests.conftest import ACCOUNT
from carriers.twin.models import TwinNumber

pytestmark = pytest.mark.django_db(transaction=True)

OLD = {"sms_url": "https://old.example.com/sms", "sms_fallback_url": "https://old.example.com/fb"}


@pytest.fixture
def number(twin_api, numbers, settings, tmp_path):
    settings.VAR_DIR = tmp_path / "var"
    TwinNumber.objects.filter(channel="sms").update(**OLD, status_callback="https://old.example.com/calls")
    settings.PUBLIC_URL = "https://cc.example.com"
    return TwinNumber.objects.get(channel="sms")


def run(*args, **options):
    out, err = StringIO(), StringIO()
    call_command("twilio_setup", *args, stdout=out, stderr=err, no_color=True, **options)
    return out.getvalue() + err.getvalue()


def urls(number):
    number.refresh_from_db()
    return {name: getattr(number, name) for name in OLD}


def test_without_apply_it_shows_and_writes_nothing(number, settings):
    said = run()

    assert "+15550001000" in said
    assert "https://old.example.com/sms" in said
    assert "-> https://cc.example.com/webhooks/twilio/messages#rc=5&rp=all" in said
    assert "-> https://cc.example.com/webhooks/twilio/fallback" in said
    assert "Nothing was written" in said
    assert urls(number) == OLD
    assert not settings.VAR_DIR.exists()


def test_apply_saves_the_old_and_sets_the_new_and_restore_puts_the_old_back(number, settings):
    run(apply=True)

    assert urls(number) == {
        "sms_url": "https://cc.example.com/webhooks/twilio/messages#rc=5&rp=all",
        "sms_fallback_url": "https://cc.example.com/webhooks/twilio/fallback",
    }
    assert number.status_callback == "https://old.example.com/calls"
    (saved,) = settings.VAR_DIR.glob("twilio-webhooks-*.json")
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert "every number calls us already" in run(apply=True).lower()
    assert len(list(settings.VAR_DIR.iterdir())) == 1

    run(restore=saved)
    assert urls(number) == OLD


def test_only_the_named_number_is_touched(number):
    other = TwinNumber.objects.create(address="+15550001001", channel="sms", **OLD)

    run("--number", "+15550001001", "--apply")

    assert urls(number) == OLD
    assert urls(other) != OLD


def test_a_number_that_is_not_ours_is_told(number):
    with pytest.raises(CommandError, match="no such phone number"):
        run("--number", "+15559999999")


def test_wrong_credentials_are_told_in_one_line(number, settings):
    settings.TWILIO_API_BASE = settings.TWILIO_API_BASE + "/nowhere"

    with pytest.raises(CommandError, match="Twilio: "):
        run()


def test_a_carrier_that_is_away_is_told_in_one_line(number, settings, closed_port):
    settings.TWILIO_API_BASE = f"http://127.0.0.1:{closed_port}"

    with pytest.raises(CommandError, match="refused"):
        run()


def test_address_that_twilio_cannot_reach_is_refused(settings):
    settings.TWIN_ENABLED = False
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "AC" + "0" * 32, "token"
    settings.PUBLIC_URL = "http://127.0.0.1:8000"

    with pytest.raises(CommandError, match="Set PUBLIC_URL to what the world sees"):
        call_command("twilio_setup", "--apply")


def test_without_credentials_it_does_not_start(settings):
    settings.TWILIO_AUTH_TOKEN = ""

    with pytest.raises(CommandError, match="TWILIO_AUTH_TOKEN"):
        run()


@pytest.mark.parametrize(
    "document",
    ["", "[]", "{}", json.dumps({"account_sid": ACCOUNT, "numbers": [{"sid": "PN1", "urls": {}}]})],
)
def test_a_file_that_is_no_saved_one_is_refused(number, tmp_path, document):
    path = tmp_path / "x.json"
    path.write_text(document)

    with pytest.raises(CommandError, match="cannot be read"):
        run(restore=path)


def test_another_accounts_file_is_refused(number, tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"account_sid": "AC" + "b" * 32, "numbers": []}))

    with pytest.raises(CommandError, match="another account"):
        run(restore=path)


def test_messaging_services_without_an_inbound_url_are_warned_of(listener, settings, tmp_path):
    settings.VAR_DIR = tmp_path
    settings.TWILIO_API_BASE = listener.url
    services = {
        "meta": {"key": "services", "next_page_url": None},
        "services": [
            {"sid": "MG1", "inbound_request_url": None, "use_inbound_webhook_on_number": False},
            {"sid": "MG2", "inbound_request_url": "https://x.example", "use_inbound_webhook_on_number": False},
            {"sid": "MG3", "inbound_request_url": None, "use_inbound_webhook_on_number": True},
        ],
    }
    row = {"sid": "PN" + "0" * 32, "phone_number": "+15550001000", **OLD}
    numbers = {"incoming_phone_numbers": [row], "next_page_uri": None}

    def answer(call):
        return 200, {}, json.dumps(services if "/messaging/" in call.path else numbers).encode()

    listener.answer = answer

    said = run()
    assert "Messaging Service MG1 has no inbound URL" in said
    assert "MG2" not in said
    assert "MG3" not in said
