"""A campaign before it starts: its text and pace, its list, every bad row named."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import IntegrityError, transaction

from agents.models import Workspace
from campaigns import queries
from campaigns.actions.rights import require
from campaigns.actions.telling import tell
from campaigns.core import lists, texts
from campaigns.core.lists import Checked, Columns, Given, Problem, Unreadable
from campaigns.core.numbers import is_country
from campaigns.models import Campaign, Recipient
from conversations.core import templates
from conversations.core.limits import BODY_LIMIT
from conversations.models import Address, MessagingService, Template
from conversations.queries import services as service_queries
from conversations.queries import templates as template_queries
from hours.models import Calendar
from kernel.actor import Actor
from kernel.errors import Conflict, Invalid

MOST_A_SECOND = 100
_AT_ONCE = 1000
# What rows are judged by.
_JUDGED = ("address", "service", "channel", "body", "content_sid")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a campaign says, from where, and how fast.

    From an address, or from the pool of a service: then by the ``channel``, which may be left out if the pool has one.
    """

    name: str
    address: Address | None
    body: str
    rate: int = 1
    start_at: datetime | None = None
    calendar: Calendar | None = None
    content_sid: str = ""
    service: MessagingService | None = None
    channel: str = ""


def create_campaign(
    workspace: Workspace, *, plan: Plan, actor: Actor, ref: str = "", sheet: bytes = b"", sheet_name: str = ""
) -> Campaign:
    """A draft; nothing goes out. The same ``ref`` again returns the campaign that stands.

    ``sheet`` is a CSV whose columns are told later (`take_list`). Raises ``Invalid`` with the field.
    """
    require(workspace, actor=actor)
    plan, places = _with_template(_from_somewhere(plan, workspace=workspace))
    _check(plan, workspace=workspace)
    text = _readable(sheet) if sheet else ""
    known = Campaign.objects.filter(workspace=workspace, ref=ref).first() if ref else None
    if known is not None:
        return known
    try:
        with transaction.atomic():
            made = Campaign.objects.create(
                workspace=workspace,
                ref=ref or None,
                name=plan.name,
                address=plan.address,
                service=plan.service,
                channel=plan.channel,
                body=plan.body,
                content_sid=plan.content_sid,
                places=places,
                rate=plan.rate,
                start_at=plan.start_at,
                calendar=plan.calendar,
                sheet=text,
                sheet_name=sheet_name[:120],
            )
            tell("campaign.created", made, actor=actor)
            return made
    except IntegrityError:  # The same request twice in one moment.
        return Campaign.objects.get(workspace=workspace, ref=ref)


def update_campaign(
    campaign: Campaign, *, plan: Plan, actor: Actor, sheet: bytes = b"", sheet_name: str = ""
) -> Campaign:
    """The draft says something else. Its rows were checked against the text and the address: while there are any, both
    stay. Raises ``Conflict``, ``Invalid``.
    """
    require(campaign.workspace, actor=actor)
    plan, places = _with_template(_from_somewhere(plan, workspace=campaign.workspace))
    _check(plan, workspace=campaign.workspace)
    text = _readable(sheet) if sheet else ""
    with transaction.atomic():
        locked = _draft(campaign)
        if any(getattr(plan, name) != getattr(locked, name) for name in _JUDGED) and locked.recipients.exists():
            raise Conflict("Rows were checked against this text and address. Make another campaign.", field="body")
        for name in (*_JUDGED, "name", "rate"):
            setattr(locked, name, getattr(plan, name))
        locked.start_at, locked.calendar = plan.start_at, plan.calendar
        locked.places = places
        fields = [*_JUDGED, "name", "places", "rate", "start_at", "calendar", "version"]
        if text:
            locked.sheet, locked.sheet_name = text, sheet_name[:120]
            fields += ["sheet", "sheet_name"]
        locked.version += 1
        locked.save(update_fields=fields)
        tell("campaign.updated", locked, actor=actor)
        return locked


def delete_campaign(campaign: Campaign, *, actor: Actor) -> None:
    """A draft, or a campaign that has ended, and its rows are gone; the messages stay where they are."""
    require(campaign.workspace, actor=actor)
    with transaction.atomic():
        locked = Campaign.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=campaign.pk)
        if locked.state in (Campaign.State.RUNNING, Campaign.State.PAUSED):
            raise Conflict("The campaign is under way. Cancel it first.", field="state")
        tell("campaign.deleted", locked, actor=actor)
        locked.delete()


def check_list(campaign: Campaign, columns: Columns, *, actor: Actor) -> Checked:
    """What would become of each row of the uploaded list; nothing is written."""
    require(campaign.workspace, actor=actor)
    return _checked(campaign, lists.picked(_sheet(campaign, columns), columns), country=columns.country)


def take_list(campaign: Campaign, columns: Columns, *, actor: Actor) -> Checked:
    """The good rows of the uploaded list have a place; the bad ones are returned, and the list is put away."""
    require(campaign.workspace, actor=actor)
    with transaction.atomic():
        locked = _draft(campaign)
        given = lists.picked(_sheet(locked, columns), columns)
        found = _taken(locked, given, country=columns.country)
        Campaign.objects.filter(pk=locked.pk).update(sheet="")
        tell("campaign.updated", locked, actor=actor)
        return found


def add_recipients(
    campaign: Campaign, given: Sequence[Given], *, actor: Actor, country: str = ""
) -> tuple[Problem, ...]:
    """These customers have a place; those that cannot have one are returned, each with why."""
    require(campaign.workspace, actor=actor)
    _check_country(country)
    with transaction.atomic():
        return _taken(_draft(campaign), given, country=country).bad


def _taken(campaign: Campaign, given: Sequence[Given], *, country: str) -> Checked:
    found = _checked(campaign, given, country=country)
    if campaign.recipients.count() + len(found.good) > lists.ROWS:
        raise Invalid("A campaign has at most %(limit)d rows.", field="recipients", params={"limit": lists.ROWS})
    Recipient.objects.bulk_create(
        (
            Recipient(campaign=campaign, line=row.line, address=row.address, variables=dict(row.variables))
            for row in found.good
        ),
        batch_size=_AT_ONCE,
    )
    return found


def _checked(campaign: Campaign, given: Sequence[Given], *, country: str) -> Checked:
    found = lists.checked(
        given,
        body=campaign.body,
        channel=campaign.channel,
        limit=BODY_LIMIT,
        places=campaign.places,
        country=country,
        known=queries.known_lines(campaign),
    )
    gone = queries.opted_out(campaign, [row.address for row in found.good])
    if not gone:
        return found
    stay = tuple(row for row in found.good if row.address not in gone)
    refused = [Problem(row.line, row.address, "opted-out") for row in found.good if row.address in gone]
    return Checked(stay, tuple(sorted((*found.bad, *refused), key=lambda problem: problem.line)))


def _sheet(campaign: Campaign, columns: Columns) -> lists.Sheet:
    if not campaign.sheet:
        raise Conflict("There is no list to take. Upload one.", field="file")
    _check_country(columns.country)
    sheet = lists.read(campaign.sheet)
    for column in (columns.address, *columns.variables.values()):
        if column not in sheet.columns:
            raise Invalid("The list has no column %(column)s.", field="columns", params={"column": column[:64]})
    missing = next((place for place in campaign.places if place not in columns.variables), "")
    if missing:
        raise Invalid("Say which column fills {{%(place)s}}.", field=f"column_{missing}", params={"place": missing})
    return sheet


def _readable(content: bytes) -> str:
    """The list's text; raises ``Invalid`` in words for what is none."""
    try:
        text = lists.decoded(content)
        lists.read(text)
    except Unreadable as error:
        raise _unreadable(error.code) from error
    return text


def _unreadable(code: str) -> Invalid:
    refusals = {
        "encoding": Invalid("This is no CSV. Save the sheet as CSV (UTF-8) and choose that file.", field="file"),
        "empty": Invalid("The file is empty.", field="file"),
        "no-rows": Invalid("The file has names of columns and no rows.", field="file"),
        "columns": Invalid("The first line names the columns: each has a name, and no two the same.", field="file"),
        "too-many-rows": Invalid("A campaign has at most %(limit)d rows.", field="file", params={"limit": lists.ROWS}),
    }
    return refusals[code]


def _with_template(plan: Plan) -> tuple[Plan, list[str]]:
    """The plan with the template's words, if it names one, and the names of what needs a value."""
    if not plan.content_sid:
        return plan, texts.places(plan.body)
    template = template_queries.template(plan.content_sid)
    channel = plan.channel
    shape = templates.shape(template.types, channel=channel) if channel in templates.CHANNELS else None
    if shape is None or (channel in templates.APPROVES and template.state != Template.State.APPROVED):
        raise Invalid(
            "This template cannot go out from this address: it has no form for its channel, or is not approved.",
            field="content_sid",
        )
    return replace(plan, body=shape.body or template.name), list(templates.placeholders(shape))


def _from_somewhere(plan: Plan, *, workspace: Workspace) -> Plan:
    """The plan with the channel of its sender; raises ``Invalid``."""
    if (plan.address is None) == (plan.service is None):
        raise Invalid("Choose an address or a messaging service, one of the two.", field="address")
    if plan.address is not None:
        if plan.address.workspace_id != workspace.pk or plan.address.channel == "webchat":
            raise Invalid("Choose one of the workspace's own numbers, senders or pages.", field="address")
        return replace(plan, channel=plan.address.channel)
    if plan.service is None or plan.service.workspace_id != workspace.pk:
        raise Invalid("This belongs to another workspace.", field="service")
    channels = service_queries.channels(plan.service)
    if not channels or (plan.channel and plan.channel not in channels):
        raise Invalid("The pool has no sender of this channel.", field="channel" if plan.channel else "service")
    if not plan.channel and len(channels) > 1:
        raise Invalid("The pool has senders of several channels. Choose the campaign's.", field="channel")
    return replace(plan, channel=plan.channel or channels[0])


def _check(plan: Plan, *, workspace: Workspace) -> None:
    if not plan.name.strip() or len(plan.name) > 100:
        raise Invalid("Give the campaign a name of 1 to 100 characters.", field="name")
    if not plan.body.strip() or len(plan.body) > BODY_LIMIT:
        raise Invalid("A message has 1 to %(limit)d characters.", field="body", params={"limit": BODY_LIMIT})
    broken = texts.broken_place(plan.body)
    if broken:
        raise Invalid(
            "%(text)s is no place for a variable. Write {{name}}: letters, digits and _ between two pairs of braces.",
            field="body",
            params={"text": broken},
        )
    if plan.calendar is not None and plan.calendar.workspace_id != workspace.pk:
        raise Invalid("This belongs to another workspace.", field="calendar")
    if not 1 <= plan.rate <= MOST_A_SECOND:
        raise Invalid(
            "Between 1 and %(limit)d messages a second go out.", field="rate", params={"limit": MOST_A_SECOND}
        )


def _check_country(country: str) -> None:
    if country and not is_country(country):
        raise Invalid("A country is two capital letters, such as MX.", field="country")


def _draft(campaign: Campaign) -> Campaign:
    rows = Campaign.objects.select_for_update(of=("self",))
    locked = rows.select_related("workspace__account", "address", "service", "calendar").get(pk=campaign.pk)
    if locked.state != Campaign.State.DRAFT:
        raise Conflict("The campaign has started: what it says and to whom stays.", field="state")
    return locked
