"""RCS: one of our agents, which is no number, and a customer's number."""

from typing import Any

import pytest

from conversations import actions
from conversations.models import Conversation, Message
from conversations.tests.carrier import claim_next
from kernel import sids
from tests import people
from tests.webhooks import bring

pytestmark = pytest.mark.django_db(transaction=True)

AGENT, LUCIA = "rcs:brand_xyz123_agent", "rcs:+15550100004"


def form(settings: Any, **changes: str) -> dict[str, str]:
    given = {"MessageSid": sids.new("SM"), "AccountSid": settings.TWILIO_ACCOUNT_SID, "From": LUCIA, "To": AGENT}
    return given | {"Body": "hello", "NumMedia": "0"} | changes


def test_a_customer_writes_and_the_agent_is_who_answers(settings: Any) -> None:
    home = people.full_house()
    people.address(home, AGENT, channel="rcs")

    assert bring(form(settings)).status_code == 200
    talk = Conversation.objects.get()
    ada = people.taking_part(home, "Ada", talk)
    actions.post(talk, actor=ada, body="good day", ref="r1")
    sent = claim_next()

    assert (talk.channel, talk.identity.address, talk.address.address) == ("rcs", LUCIA, AGENT)
    assert sent is not None
    assert (sent.channel, sent.from_address, sent.to_address) == ("rcs", AGENT, LUCIA)


def test_a_button_is_a_choice(settings: Any) -> None:
    people.address(people.full_house(), AGENT, channel="rcs")

    bring(form(settings, Body="Yes, please", ButtonText="Yes, please", ButtonPayload="yes", ButtonType="REPLY"))

    assert Message.objects.get().provider_params["ButtonPayload"] == "yes"


@pytest.mark.parametrize(
    "changes", [{"From": AGENT}, {"From": "rcs:"}, {"From": "+15550100004"}, {"To": "rcs:no agent"}]
)
def test_what_is_no_pair_of_rcs_is_refused(settings: Any, changes: dict[str, str]) -> None:
    people.address(people.full_house(), AGENT, channel="rcs")

    assert bring(form(settings, **changes)).status_code == 400
    assert not Message.objects.exists()
