"""The verbs of drafts: a workflow is worked on without deciding anything, and published or forgotten."""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from eventlog.record import record
from kernel import clock
from kernel.actor import Actor
from kernel.errors import Conflict
from routing.actions.configuration import check_document, lock_configuration, require_config
from routing.actions.journal import floor
from routing.actions.workflows import save_workflow
from routing.models import Draft, Workflow, WorkflowVersion
from routing.payloads import workflow_payload


def save_draft(workflow: Workflow, *, configuration: str, seen: int, actor: Actor) -> Draft:
    """The document waits as the workflow's draft; tasks do not follow it.

    ``seen`` is the version of the draft that the change was made on, 0 where there was none. Raises Conflict when
    somebody else has changed it since, Invalid as `save_workflow` does.
    """
    require_config(workflow.workspace, actor)
    text = configuration.strip()
    with transaction.atomic():
        check_document(text, workflow.workspace)
        draft = _change(workflow, text, seen, actor) if seen else _begin(workflow, text, actor)
        _note("workflow.draft.saved", workflow, draft, actor=actor)
    return draft


def discard_draft(workflow: Workflow, *, seen: int, actor: Actor) -> None:
    """The draft is forgotten. Raises Conflict when somebody else has changed it since ``seen``."""
    require_config(workflow.workspace, actor)
    with transaction.atomic():
        deleted, _ = Draft.objects.filter(workflow=workflow, version=seen).delete()
        if not deleted:
            raise _overtaken()
        _note("workflow.draft.discarded", workflow, None, actor=actor)


def publish(workflow: Workflow, *, seen: int, seen_number: int, actor: Actor, **options: Any) -> Workflow:
    """The draft becomes the workflow's next version; there is no draft any more.

    ``seen_number`` is the published version that the draft was compared with. ``options`` are those of
    `save_workflow`. Raises Conflict when somebody else was first, Invalid when the draft cannot be any more.
    """
    require_config(workflow.workspace, actor)
    with transaction.atomic():
        lock_configuration(workflow.workspace)
        draft = Draft.objects.filter(workflow=workflow, version=seen).select_for_update().first()
        if draft is None:
            raise _overtaken()
        _put(workflow, draft.configuration, seen_number, actor, **options)
        draft.delete()
        _note_published("workflow.published", workflow, seen_number, actor=actor, draft=None)
    return workflow


def revert(workflow: Workflow, *, number: int, seen_number: int, actor: Actor, **options: Any) -> Workflow:
    """What version ``number`` said is published anew; a draft stays as it is. Raises as `publish` does."""
    require_config(workflow.workspace, actor)
    with transaction.atomic():
        lock_configuration(workflow.workspace)
        version = workflow.versions.filter(number=number).first()
        if version is None:
            raise Conflict("There is no version %(number)d.", params={"number": number})
        _put(workflow, version.configuration, seen_number, actor, **options)
        _note_published("workflow.reverted", workflow, seen_number, actor=actor, reverted_to=number)
    return workflow


def _begin(workflow: Workflow, text: str, actor: Actor) -> Draft:
    try:
        with transaction.atomic():
            return Draft.objects.create(
                workflow=workflow, configuration=text, based_on=_latest(workflow), actor_sid=actor.sid
            )
    except IntegrityError as error:
        raise _overtaken() from error


def _change(workflow: Workflow, text: str, seen: int, actor: Actor) -> Draft:
    rows = Draft.objects.filter(workflow=workflow, version=seen)
    written = {"configuration": text, "actor_sid": actor.sid, "updated_at": clock.now()}
    if rows.update(**written, version=F("version") + 1) != 1:
        raise _overtaken()
    return Draft.objects.select_related("based_on").get(workflow=workflow)


def _put(workflow: Workflow, configuration: str, seen_number: int, actor: Actor, **options: Any) -> None:
    latest = _latest(workflow)
    if latest is not None and latest.number != seen_number:
        raise Conflict("Somebody else has published a version meanwhile. Compare again.")
    if latest is not None and latest.configuration == configuration:
        raise Conflict("This is what is published already.")
    save_workflow(workflow, configuration=configuration, actor=actor, **options)


def _latest(workflow: Workflow) -> WorkflowVersion | None:
    return workflow.versions.order_by("-number").first()


def _overtaken() -> Conflict:
    return Conflict("Somebody else has changed or closed this draft meanwhile. Look at it again.")


def _note(event: str, workflow: Workflow, draft: Draft | None, *, actor: Actor) -> None:
    """For the history alone: nothing on a screen depends on drafts."""
    based_on = draft.based_on if draft else None
    told = draft and {
        "version": draft.version,
        "configuration": draft.configuration,
        "based_on": based_on.number if based_on else None,
    }
    record(
        event,
        subject_sid=workflow.sid,
        data={**workflow_payload(workflow), "draft": told},
        audiences=[],
        actor=actor,
        workspace_sid=workflow.workspace.sid,
    )


def _note_published(event: str, workflow: Workflow, before: int, *, actor: Actor, **told: Any) -> None:
    latest = _latest(workflow)
    numbers = {"number": latest.number if latest else None, "number_before": before}
    record(
        event,
        subject_sid=workflow.sid,
        data={**workflow_payload(workflow), **numbers, **told},
        audiences=[floor(workflow.workspace)],
        actor=actor,
        workspace_sid=workflow.workspace.sid,
    )
