import json
import stat
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from carriers.tests.conftest import ACCOUNT
from carriers.twin.models import TwinNumber, TwinService

pytestmark = pytest.mark.django_db(transaction=True)

OLD = {"sms_url": "https://old.example.com/sms", "sms_fallback_url": "https://old.example.com/fb"}

SENDER = {"sid": "XE" + "0" * 32, "sender_id": "whatsapp:+15550002000", "status": "ONLINE", "webhook": {}}


@pytest.fixture
def number(twin_api, numbers, settings, tmp_path):
    settings.VAR_DIR = tmp_path / "var"
    TwinNumber.objects.filter(channel="sms").update(**OLD, status_callback="https://old.example.com/calls")
    settings.PUBLIC_URL = "https://cc.example.com"
    return TwinNumber.objects.get(channel="sms")


@pytest.fixture
def service(number):
    return TwinService.objects.create(friendly_name="Shop", inbound_request_url="https://old.example.com/mg")


def whatsapp():
    return TwinNumber.objects.get(channel="whatsapp")


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
    assert "everything calls us already" in run(apply=True).lower()
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
    ["", "[]", "{}", json.dumps({"account_sid": ACCOUNT, "points": [{"kind": "number", "sid": "PN1", "urls": {}}]})],
)
def test_a_file_that_is_no_saved_one_is_refused(number, tmp_path, document):
    path = tmp_path / "x.json"
    path.write_text(document)

    with pytest.raises(CommandError, match="cannot be read"):
        run(restore=path)


def test_another_accounts_file_is_refused(number, tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"account_sid": "AC" + "b" * 32, "points": []}))

    with pytest.raises(CommandError, match="another account"):
        run(restore=path)


def test_services_and_senders_are_set_and_put_back(number, service, settings):
    whatsapp_before = (whatsapp().sms_url, whatsapp().sms_fallback_url)

    run(apply=True)

    service.refresh_from_db()
    assert service.inbound_request_url == "https://cc.example.com/webhooks/twilio/messages#rc=5&rp=all"
    assert service.fallback_url == "https://cc.example.com/webhooks/twilio/fallback"
    assert whatsapp().sms_url == "https://cc.example.com/webhooks/twilio/messages#rc=5&rp=all"
    assert whatsapp().sms_fallback_url == "https://cc.example.com/webhooks/twilio/fallback"
    rcs = TwinNumber.objects.get(channel="rcs")
    assert rcs.sms_url == "https://cc.example.com/webhooks/twilio/messages#rc=5&rp=all"

    (saved,) = settings.VAR_DIR.glob("twilio-webhooks-*.json")
    said = run(restore=saved)
    service.refresh_from_db()
    assert (service.inbound_request_url, service.fallback_url) == ("https://old.example.com/mg", "")
    assert (whatsapp().sms_url, whatsapp().sms_fallback_url) == whatsapp_before
    assert "whatsapp:+15550002000 restored." in said
    assert urls(number) == OLD


def test_only_what_is_named_is_touched(number, service):
    run("--service", service.sid, "--apply")

    service.refresh_from_db()
    assert service.inbound_request_url.startswith("https://cc.example.com/")
    assert urls(number) == OLD
    assert not whatsapp().sms_url.startswith("https://cc.example.com/")


def test_a_service_that_listens_by_its_numbers_is_left_alone(number, service):
    TwinService.objects.update(use_inbound_webhook_on_number=True)

    said = run(apply=True)

    service.refresh_from_db()
    assert service.inbound_request_url == "https://old.example.com/mg"
    assert "left alone: its numbers' own URLs count" in said


def test_a_service_that_is_not_ours_is_told(number):
    with pytest.raises(CommandError, match="no such Messaging Service: MG1"):
        run("--service", "MG1", "--apply")


def test_messaging_services_without_an_inbound_url_are_warned_of(number):
    silent = TwinService.objects.create()
    speaking = TwinService.objects.create(inbound_request_url="https://x.example")
    by_number = TwinService.objects.create(use_inbound_webhook_on_number=True)

    said = run()

    assert f"Messaging Service {silent.sid} has no inbound URL: it discards what customers write." in said
    for other in (speaking, by_number):
        assert f"{other.sid} has no inbound URL" not in said


def test_an_account_without_services_is_set_up_all_the_same(listener, settings, tmp_path):
    settings.VAR_DIR = tmp_path
    settings.TWILIO_API_BASE = listener.url
    settings.PUBLIC_URL = "https://cc.example.com"
    row = {"sid": "PN" + "0" * 32, "phone_number": "+15550001000", **OLD}

    def answer(call):
        if "/messaging/" in call.path:
            return 403, {}, json.dumps({"code": 20003, "message": "Permission Denied"}).encode()
        return 200, {}, json.dumps({"incoming_phone_numbers": [row], "next_page_uri": None}).encode()

    listener.answer = answer

    said = run()
    assert "1 to change" in said
    assert "Each Messaging Service was left unchecked." in said


def test_whatsapp_is_set_up_where_rcs_may_not_be_read(listener, settings, tmp_path):
    settings.VAR_DIR = tmp_path
    settings.TWILIO_API_BASE = listener.url
    settings.PUBLIC_URL = "https://cc.example.com"
    page = {"meta": {"key": "senders", "next_page_url": None}, "senders": [SENDER]}

    def answer(call):
        if "Channel=whatsapp" in call.path:
            return 200, {}, json.dumps(page).encode()
        if "/messaging/" in call.path:
            return 403, {}, json.dumps({"code": 20003, "message": "Permission Denied"}).encode()
        return 200, {}, json.dumps({"incoming_phone_numbers": [], "next_page_uri": None}).encode()

    listener.answer = answer

    said = run()
    assert "whatsapp:+15550002000" in said
    assert "1 to change" in said
    assert "Each sender was left unchecked." in said
