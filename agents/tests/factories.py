"""Workspaces and workers for tests, made through the same doors as everywhere."""

from typing import Any

from accounts.models import Account
from agents import actions
from agents.models import Activity, Worker, WorkerChannel, Workspace
from kernel import sids
from kernel.actor import SYSTEM, Actor


def make_workspace(name: str = "Acme") -> Workspace:
    account = Account.objects.create(friendly_name=name)
    return actions.create_workspace(account=account, friendly_name=name, actor=SYSTEM)


def activity(workspace: Workspace, name: str) -> Activity:
    return Activity.objects.get(workspace=workspace, friendly_name=name)


def make_worker(
    workspace: Workspace,
    name: str,
    *skills: str,
    capacity: int = 1,
    doing: str = "Available",
    **attributes: Any,
) -> Worker:
    """A worker who is ready for work unless told otherwise."""
    return actions.create_worker(
        workspace,
        friendly_name=name,
        attributes={"skills": list(skills), **attributes},
        activity=activity(workspace, doing),
        capacity=capacity,
        actor=SYSTEM,
    )


def channel_of(worker: Worker, name: str = "default") -> WorkerChannel:
    return WorkerChannel.objects.get(worker=worker, task_channel__unique_name=name)


def load_of(worker: Worker, name: str = "default") -> int:
    return channel_of(worker, name).load


def agent(worker: Worker) -> Actor:
    """The worker himself, signed in."""
    account_sid = worker.workspace.account.sid
    return Actor("user", sid=sids.new("US"), role="agent", account_sid=account_sid, worker_sid=worker.sid)


def supervisor(workspace: Workspace) -> Actor:
    return Actor("user", sid=sids.new("US"), role="supervisor", account_sid=workspace.account.sid)


def bot(workspace: Workspace, *scopes: str) -> Actor:
    return Actor("key", sid=sids.new("SK"), account_sid=workspace.account.sid, scopes=frozenset(scopes))
