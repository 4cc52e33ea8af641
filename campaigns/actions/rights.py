"""Who may do anything with a campaign."""

from accounts import policy
from agents.models import Workspace
from kernel.actor import Actor


def require(workspace: Workspace, *, actor: Actor) -> None:
    """Raise ``Forbidden`` unless the actor may run campaigns of the workspace. The first thing that a verb asks."""
    policy.require(actor, "campaigns:write", account_sid=workspace.account.sid)
