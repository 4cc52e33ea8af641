"""Whatever comes to the carrier's doors: no error of ours, nothing lost that is signed, nothing kept that is not."""

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings as configured
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from conversations.core.doors import FALLBACK, MESSAGES
from conversations.inbox import inbox
from conversations.models import Arrival, Conversation, Media, Message
from eventlog.models import Event
from kernel import sids
from tests import people
from tests.people import CUSTOMER, OURS, House
from tests.webhooks import FORM, bring, knock, post

TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60)
VALUES = st.one_of(
    TEXT,
    st.sampled_from(
        [
            *("", "0", "1", "10", "11", "-1", "9" * 50, "true", "nan", "1e400", "90.0", "\0", "\ufeff", "a" * 20_000),
            *("http://[", "https://a.example/1", "https://a.example/" + "x" * 2_000, "javascript:alert(1)"),
            *('{"a": "\\u0000\\ud800"}', "[" * 10_000, "NaN", "+15550001000", "whatsapp:+15550002000", "STOP"),
            *("SM" + "1" * 32, "SM" + "G" * 32, "AC" + "a" * 32),
        ]
    ),
)
EXTRAS = st.sampled_from(
    [
        *("Body", "NumMedia", "MediaUrl0", "MediaContentType0", "MediaUrl9", "ProfileName", "WaId", "NumSegments"),
        *("Latitude", "Longitude", "Address", "Label", "ButtonText", "ButtonPayload", "ListId", "InteractiveData"),
        *("FlowData", "ChannelMetadata", "ReferralBody", "ReferralSourceUrl", "OriginalRepliedMessageSid", "Forwarded"),
        *("OptOutType", "FromCity", "ToZip", "MessagingServiceSid", "SmsSid", "ErrorCode", "ErrorUrl", "a\0b", ""),
    ]
)
ANY_NAME = st.one_of(EXTRAS, st.sampled_from(["MessageSid", "AccountSid", "From", "To", "MessageStatus"]), TEXT)
PATHS = st.sampled_from([MESSAGES, FALLBACK, f"/webhooks/twilio/status/IM{'0' * 32}/1", "/webhooks/twilio/status/x/9"])
LATIN = st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=40)
QUERIES = ["", "?", "?a=%zz", "?bodySHA256=x", "?bodySHA256=" + "0" * 64, "?%ff", "?a=1&a=1"]
SETTINGS = "X-Twilio-Webhooks-Signature-Settings"
SAID = st.one_of(LATIN, st.sampled_from(["key=k,algorithm=HMAC_SHA256", "key=k,algorithm=none"]))

fuzzed = hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(autouse=True)
def _account(settings: Any) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "AC" + "a" * 32, "t" * 32
    settings.TWILIO_AUTH_TOKENS = [settings.TWILIO_AUTH_TOKEN]


@pytest.fixture
def home(transactional_db: Any) -> House:
    home = people.full_house()
    people.address(home)
    return home


def form(sid: str, body: str = "hello") -> dict[str, str]:
    account = configured.TWILIO_ACCOUNT_SID
    return {"MessageSid": sid, "AccountSid": account, "From": CUSTOMER, "To": OURS, "Body": body, "NumMedia": "0"}


def written() -> list[int]:
    return [rows.objects.count() for rows in (Arrival, Message, Conversation, Media, Event)]


@fuzzed
@given(extras=st.dictionaries(EXTRAS, VALUES, max_size=8))
def test_a_message_is_kept_whatever_comes_with_it(home: House, extras: dict[str, str]) -> None:
    sid = sids.new("SM")
    params = form(sid) | extras

    assert bring(params).status_code == 200

    kept = Message.objects.get(provider_sid=sid)
    assert kept.body == params["Body"].replace("\0", "")[:16_000]
    plain = {name.replace("\0", ""): value.replace("\0", "") for name, value in params.items()}
    assert kept.provider_params == plain


@fuzzed
@given(params=st.dictionaries(ANY_NAME, VALUES, min_size=1, max_size=10), whole=st.booleans(), path=PATHS)
def test_what_is_signed_is_stored_or_refused_by_name(
    home: House, params: dict[str, str], whole: bool, path: str
) -> None:
    sid = sids.new("SM")
    before = written()

    status = bring((form(sid) if whole else {}) | params, path=path).status_code

    assert status in ({200, 400} if path in (MESSAGES, FALLBACK) else {400, 404})
    if status != 200:
        assert written() == before


@fuzzed
@given(
    sent=st.one_of(
        st.binary(max_size=200),
        st.dictionaries(ANY_NAME, VALUES, max_size=6).map(lambda form: urlencode(form).encode()),
    ),
    content_type=st.sampled_from(
        [FORM, FORM + "; charset=x", "application/json", "multipart/form-data", "text/xml", ""]
    ),
    headers=st.fixed_dictionaries({}, optional={"X-Twilio-Signature": LATIN, SETTINGS: SAID}),
    path=PATHS.flatmap(lambda path: st.sampled_from(QUERIES).map(lambda query: path + query)),
)
def test_nothing_is_kept_of_what_is_not_signed(
    home: House, sent: Any, content_type: str, headers: dict[str, str], path: str
) -> None:
    before = written()

    answer = knock(path, sent, content_type=content_type, headers=headers)

    assert (answer.status_code, answer.text) == (403, "bad signature")
    assert written() == before


@pytest.mark.django_db(transaction=True)
def test_repeated_and_shuffled_deliveries_by_both_urls_are_one_message_each() -> None:
    people.address(people.full_house())
    customers = [f"+1555010{n:04}" for n in range(3)]
    texts = [form(sids.new("SM"), f"text {n}") | {"From": customers[n % 3]} for n in range(24)]
    # The fallback says why it was called: the same message with other parameters, and so another signature.
    failed = {"ErrorCode": "11200", "ErrorUrl": configured.PUBLIC_URL + MESSAGES}
    deliveries = [(text, MESSAGES) for text in texts * 2] + [(text | failed, FALLBACK) for text in texts]
    random.Random(7).shuffle(deliveries)

    def deliver(part: int) -> list[int]:
        return [post(params, path=path).status_code for params, path in deliveries[part::4]]

    with ThreadPoolExecutor(4) as threads:
        statuses = [status for part in threads.map(deliver, range(4)) for status in part]
    inbox.finish()

    assert statuses == [200] * 72
    assert set(Message.objects.values_list("provider_sid", flat=True)) == {text["MessageSid"] for text in texts}
    assert Message.objects.count() == 24
    assert Event.objects.filter(type="message.added").count() == 24
    assert Conversation.objects.count() == 3
    for conversation in Conversation.objects.all():
        assert list(conversation.messages.order_by("index").values_list("index", flat=True)) == list(range(1, 9))
