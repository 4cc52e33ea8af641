"""Inside a `bench.hand`: requests to TaskRouter's API in process, and the same by hand."""

import json
import time
from base64 import b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

_FORM = "application/x-www-form-urlencoded"
_stage: dict[str, Any] = {}


def prepare(*, workspace: int, columns: list[str], attributes: dict[str, Any]) -> None:
    """Who asks, and of which workspace."""
    from django.conf import settings

    from accounts.queries import auth_token
    from agents.models import Workspace

    settings.TASKROUTER_REQUESTS_A_SECOND = 10**9
    home = Workspace.objects.select_related("account").get(pk=workspace)
    name = f"{home.account.sid}:{auth_token(home.account)}".encode()
    _stage.update(
        pk=home.pk,
        path=f"/taskrouter/v1/Workspaces/{home.sid}/Tasks",
        headers={"Authorization": "Basic " + b64encode(name).decode(), "Host": "127.0.0.1"},
        body=urlencode({"Attributes": json.dumps(attributes), "Priority": 3}),
        columns=columns,
    )


def measure(*, count: int) -> dict[str, list[float]]:
    """Milliseconds of each, in turn."""
    calls: dict[str, Callable[[], Any]] = {
        "list": _list,
        "list by hand": _list_by_hand,
        "create": _create,
        "create by hand": _create_by_hand,
    }
    took: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(count):
        for name, call in calls.items():
            began = time.perf_counter()
            call()
            took[name].append((time.perf_counter() - began) * 1000)
    return took


def _list() -> None:
    answer = _ask("GET", f"{_stage['path']}?PageSize=50")
    if answer.status_code != 200 or len(json.loads(answer.content)["tasks"]) != 50:
        raise RuntimeError(answer.content[:500])


def _create() -> None:
    answer = _ask("POST", _stage["path"], _stage["body"])
    if answer.status_code != 201:
        raise RuntimeError(answer.content[:500])


def _ask(method: str, path: str, body: str = "") -> Any:
    from django.test import Client

    return Client().generic(method, path, body, content_type=_FORM, headers=_stage["headers"])


def _list_by_hand() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.*, q.sid, q.friendly_name, w.sid, w.friendly_name, c.sid, c.unique_name FROM routing_task t"
            " LEFT JOIN routing_taskqueue q ON q.id = t.task_queue_id"
            " LEFT JOIN routing_workflow w ON w.id = t.workflow_id"
            " JOIN agents_taskchannel c ON c.id = t.task_channel_id"
            " WHERE t.workspace_id = %s ORDER BY t.created_at DESC LIMIT 50",
            [_stage["pk"]],
        )
        json.dumps(cursor.fetchall(), default=str)


def _create_by_hand() -> None:
    from django.db import connection

    from kernel import sids

    columns = ", ".join(f'"{name}"' for name in _stage["columns"])
    values = ", ".join("%s" if name == "sid" else f'"{name}"' for name in _stage["columns"])
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO routing_task ({columns}) SELECT {values} FROM routing_task"
            " WHERE id = (SELECT max(id) FROM routing_task) RETURNING *",
            [sids.new("WT")],
        )
        json.dumps(cursor.fetchone(), default=str)
