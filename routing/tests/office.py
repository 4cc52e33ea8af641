"""For tests of the admin: a house's queues and workflows, and what a browser posts of a workflow's form."""

import json
from typing import Any

from django.test import Client
from django.urls import reverse

from eventlog.models import Event
from kernel.actor import SYSTEM
from routing import actions
from routing.admin.forms import shown_document, standing
from routing.models import TaskQueue, Workflow
from routing.preview import editor
from tests.people import House


def queue(home: House, name: str = "Support", expression: str = "skills HAS 'support'", **more: Any) -> TaskQueue:
    row = TaskQueue(workspace=home.workspace)
    return actions.save_queue(row, friendly_name=name, target_workers=expression, actor=SYSTEM, **more)


def workflow(home: House, document: dict[str, Any], name: str = "Messages") -> Workflow:
    text = json.dumps({"task_routing": document})
    row = Workflow(workspace=home.workspace)
    return actions.save_workflow(row, friendly_name=name, configuration=text, actor=SYSTEM)


def sales_first(support: TaskQueue, sales: TaskQueue) -> dict[str, Any]:
    return {
        "filters": [
            {
                "filter_friendly_name": "Sales",
                "expression": "topic == 'sales'",
                "targets": [
                    {"queue": sales.sid, "priority": 5, "timeout": 60, "order_by": "worker.level DESC"},
                    {"queue": support.sid, "expression": "worker.level > 2"},
                ],
            }
        ],
        "default_filter": {"queue": support.sid},
    }


def form_of(row: Workflow | None = None, **changes: Any) -> dict[str, Any]:
    """What a browser posts: the rows and the document as they stand, and the changes."""
    given: dict[str, Any] = {"configuration": ""}
    if row is None:
        return {**given, "friendly_name": "Messages", "task_reservation_timeout": 30, **changes}
    row = Workflow.objects.get(pk=row.pk)
    text = shown_document(row)
    given |= {**standing(row), "configuration": text.replace("\n", "\r\n")}
    return {**given, **rows_of(text), **changes}


def rows_of(text: str, name: str = "rules") -> dict[str, str]:
    """The fields of the rows."""
    rows = editor.rows_of(text)
    found = {f"{name}-kept": rows["kept"]}
    for index, rule in enumerate(rows["filters"]):
        found |= {f"{name}-{index}-{key}": rule[key] for key in ("name", "expression", "kept")}
        for place, target in enumerate(rule["targets"]):
            found |= {f"{name}-{index}-{place}-{key}": target[key] for key in (*editor.TARGET_KEYS, "kept")}
    return found | {f"{name}-default-{key}": value for key, value in rows["default"].items()}


def save(client: Client, given: dict[str, Any], row: Workflow | None = None) -> Any:
    name = "routing_workflow"
    return client.post(reverse(f"admin:{name}_change", args=[row.pk]) if row else reverse(f"admin:{name}_add"), given)


def page(name: str, *arguments: Any) -> str:
    """The address of a page of a workflow."""
    return reverse(f"admin:routing_workflow_{name}", args=arguments)


def events(type: str) -> list[Event]:  # noqa: A002
    return list(Event.objects.filter(type=type).order_by("pk"))
