"""The demo workspace: people, queues, a workflow, numbers. Made once, by the same actions as everything else."""

import json
import os
import secrets
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import transaction

from accounts import actions as accounts
from accounts.models import Account, User
from accounts.queries import auth_token
from agents import actions as agents
from agents.models import WorkerChannel, Workspace
from carriers.twin import actions as twin
from conversations.models import Address
from hours import actions as hours
from interactions.models import Intake
from kernel.actor import SYSTEM
from routing import actions as routing
from routing.models import TaskQueue, Workflow

LOGINS = "demo-logins.txt"
# The simulated provider takes what comes; a real long number takes one message a second.
RATE = 200.0
CAPACITY = 10

# User name, full name, role, attributes of the worker (None: no worker).
Person = tuple[str, str, str, dict[str, list[str]] | None]
PEOPLE: Final[tuple[Person, ...]] = (
    ("ana", "Ana Ruiz", "agent", {"skills": ["support", "sales"], "languages": ["en", "es"]}),
    ("ben", "Ben Carter", "agent", {"skills": ["support"], "languages": ["en"]}),
    ("sofia", "Sofia Marin", "supervisor", {"skills": ["support", "sales"], "languages": ["en", "es"]}),
    ("admin", "Alex Admin", "admin", None),
)
QUEUES: Final = (
    ("Support", "skills HAS 'support'"),
    ("Sales", "skills HAS 'sales'"),
    ("Español", "languages HAS 'es'"),
    ("Everyone", "1==1"),
)
ADDRESSES: Final = (
    ("sms", "+15550001000", "Front desk"),
    ("rcs", "rcs:front_desk_agent", "Front desk"),
    ("whatsapp", "whatsapp:+15550002000", "Front desk"),
    ("messenger", "messenger:100200300", "Front desk"),
    ("webchat", "webchat:demo", "Web chat"),
)
# Asked by no workflow, so that the demo answers at every hour; filters may say: calendar.support.open == true.
OFFICE: Final = {
    "time_zone": "America/New_York",
    "weekly": {
        **{day: ["09:00-13:00", "14:00-18:00"] for day in ("monday", "tuesday", "wednesday", "thursday")},
        "friday": ["09:00-15:00"],
    },
    "country": "US",
    "worked_holidays": ["Columbus Day", "Veterans Day"],
    "overrides": [
        {"name": "Christmas Eve", "first": "2026-12-24", "yearly": True, "hours": ["09:00-12:00"]},
        {"name": "Christmas to New Year", "first": "2026-12-26", "last": "2026-12-31", "yearly": True, "hours": []},
    ],
}


def logins_path() -> Path:
    """Where the passwords of the demo are kept, for the owner's eyes only."""
    return Path(settings.VAR_DIR) / LOGINS


def make() -> bool:
    """Make the demo workspace if there is no account yet; True when this call made it."""
    made = False
    if not Account.objects.exists():
        with transaction.atomic():
            lines = _make_all()
        _keep(lines)
        made = True
    if settings.TWIN_ENABLED:
        webhooks = f"{settings.PUBLIC_URL}/webhooks/twilio"
        twin.ensure_customers()
        twin.ensure_numbers(webhook_url=f"{webhooks}/messages#rc=5&rp=all", fallback_url=f"{webhooks}/fallback")
    return made


def _make_all() -> list[str]:
    account = Account.objects.create(friendly_name="Demo company")
    workspace = agents.create_workspace(account=account, friendly_name="Demo", actor=SYSTEM)
    lines = [_make_person(person, account=account, workspace=workspace) for person in PEOPLE]
    queues = {
        name: routing.save_queue(
            TaskQueue(workspace=workspace), friendly_name=name, target_workers=expression, actor=SYSTEM
        )
        for name, expression in QUEUES
    }
    workflow = routing.save_workflow(
        Workflow(workspace=workspace),
        friendly_name="Messages",
        configuration=json.dumps(_document(queues), indent=2, ensure_ascii=False),
        task_reservation_timeout=30,
        actor=SYSTEM,
    )
    hours.create_calendar(
        workspace, unique_name="support", friendly_name="Support hours", definition=OFFICE, actor=SYSTEM
    )
    for channel, address, name in ADDRESSES:
        row = Address.objects.create(
            workspace=workspace, channel=channel, address=address, friendly_name=name, messages_per_second=RATE
        )
        Intake.objects.create(address=row, workflow=workflow)
    _, token = accounts.create_api_key(
        account=account,
        friendly_name="Demo bot",
        scopes=["handoffs:write", "conversations:read", "conversations:write", "campaigns:write", "routing:read"],
        actor=SYSTEM,
    )
    return [*lines, f"api key     {token}", f"account     {account.sid} {auth_token(account)}"]


def _make_person(person: Person, *, account: Account, workspace: Workspace) -> str:
    username, name, role, attributes = person
    password = secrets.token_urlsafe(9)
    user: User = accounts.create_user(
        account=account, username=username, password=password, role=role, name=name, actor=SYSTEM
    )
    if attributes is not None:
        worker = agents.create_worker(
            workspace, friendly_name=name, attributes=attributes, user=user, capacity=CAPACITY, actor=SYSTEM
        )
        voice = WorkerChannel.objects.get(worker=worker, task_channel__unique_name="voice")
        agents.set_capacity(voice, capacity=1, available=True, actor=SYSTEM)
    return f"{role:<11} {username:<7} {password}"


def _document(queues: dict[str, TaskQueue]) -> dict[str, object]:
    """Twilio's workflow document: sales first, Spanish to those who speak it, everything else to support."""
    everyone = {"queue": queues["Everyone"].sid}
    return {
        "task_routing": {
            "filters": [
                {
                    "filter_friendly_name": "Sales",
                    "expression": "topic == 'sales' OR skills HAS 'sales'",
                    "targets": [{"queue": queues["Sales"].sid, "priority": 5, "timeout": 120}, everyone],
                },
                {
                    "filter_friendly_name": "Español",
                    "expression": "language == 'es'",
                    "targets": [{"queue": queues["Español"].sid, "priority": 3, "timeout": 300}, everyone],
                },
            ],
            "default_filter": {"queue": queues["Support"].sid},
        }
    }


def _keep(lines: list[str]) -> None:
    path = logins_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write("\n".join(lines) + "\n")
