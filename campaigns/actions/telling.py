"""Recording what happened to a campaign, for the floor."""

from campaigns.models import Campaign
from campaigns.payloads import campaign_payload
from eventlog.record import record
from kernel.actor import Actor


def tell(event: str, campaign: Campaign, *, actor: Actor) -> None:
    """Record the event with the campaign as it stands; no customer's address is in it."""
    record(
        event,
        subject_sid=campaign.sid,
        data=campaign_payload(campaign),
        audiences=[f"floor:{campaign.workspace.sid}"],
        actor=actor,
        workspace_sid=campaign.workspace.sid,
    )
