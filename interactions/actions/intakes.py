"""The verbs of intakes: where the words of an address's customers go."""

from django.db import IntegrityError, transaction

from accounts import policy
from conversations.models import Address
from eventlog.record import record
from hooks.models import Endpoint
from interactions.models import Intake
from kernel.actor import Actor
from kernel.errors import Conflict, Invalid
from routing.models import Workflow


def save_intake(
    address: Address, *, workflow: Workflow, actor: Actor, bot: Endpoint | None = None, intake: Intake | None = None
) -> Intake:
    """Customers who write to the address go this way from now on; conversations under way stay where they are.

    Raises Invalid for a workflow or a bot of somebody else, Conflict when the address has an intake already.
    """
    workspace = address.workspace
    policy.require(actor, "config:write", account_sid=workspace.account.sid)
    if workflow.workspace_id != workspace.pk:
        raise Invalid("This belongs to another workspace.", field="workflow")
    if bot is not None and bot.account_id != workspace.account_id:
        raise Invalid("This belongs to another account.", field="bot")
    try:
        with transaction.atomic():
            if intake is None:
                saved = Intake.objects.create(address=address, workflow=workflow, bot=bot)
            else:
                Intake.objects.filter(pk=intake.pk).update(workflow=workflow, bot=bot)
                saved = Intake.objects.select_related("address__workspace", "workflow", "bot").get(pk=intake.pk)
            _note("intake.created" if intake is None else "intake.updated", saved, actor=actor)
    except IntegrityError as error:
        raise Conflict("This address has an intake already.", field="address") from error
    return saved


def delete_intake(intake: Intake, *, actor: Actor) -> None:
    """Customers' words are kept, but nobody is sought for them."""
    policy.require(actor, "config:write", account_sid=intake.address.workspace.account.sid)
    with transaction.atomic():
        _note("intake.deleted", intake, actor=actor)
        intake.delete()


def _note(event: str, intake: Intake, *, actor: Actor) -> None:
    workspace = intake.address.workspace
    data = {
        "address_sid": intake.address.sid,
        "address": intake.address.address,
        "workflow_sid": intake.workflow.sid,
        "bot_sid": intake.bot.sid if intake.bot else None,
    }
    record(
        event,
        subject_sid=intake.address.sid,
        data=data,
        audiences=[f"floor:{workspace.sid}"],
        actor=actor,
        workspace_sid=workspace.sid,
    )
