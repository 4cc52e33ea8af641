"""The router: a pump service that follows the log, asks the pure core, and writes its answer under guards.

One router a workspace, chosen by a lease. Its board is only a picture of the tables: events tell which rows to read
again, a refused write does the same, and a router that lost its lease writes nothing.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Final

import structlog
from django.db import Error

from agents.models import Workspace
from eventlog.dbclock import SteadyClock
from eventlog.follow import Follower
from eventlog.services import POLL_SECONDS, Service
from routing.router.stale import News, news_columns
from routing.router.workspace import WorkspaceRouter

logger = structlog.get_logger(__name__)

WORKSPACES_SECONDS: Final = 2.0
_SOON_SECONDS: Final = 0.001


class Router(Service):
    """Routes every workspace whose lease it holds."""

    name = "router"

    def __init__(self) -> None:
        self._clock = SteadyClock()
        self._log: Follower | None = None
        self._look_at = 0.0
        self.routers: dict[str, WorkspaceRouter] = {}

    def step(self) -> bool:
        """Follow the log by one batch and, when that was all, decide once for each workspace.

        With a part of the news alone a task could be offered before one that stands ahead of it. True when there may be
        more at once.
        """
        self._find_workspaces()
        held = [router for router in self.routers.values() if router.holds()]
        if not held:
            self._log = None  # Whoever takes over begins with the tables.
            return False
        if self._log is None:
            self._log = Follower(news_columns())
        now = self._clock.now()
        ready = [router for router in held if self._one(router, WorkspaceRouter.prepare, now=now)]
        news = self._sorted(map(News._make, self._log.read()))
        for router in ready:
            router.note(news.get(router.sid, ()))
        if self._log.behind:
            return True
        worked = [self._one(router, WorkspaceRouter.step, now=now) for router in ready]
        for router in ready:
            self._log.pass_over(router.take_own_events())
        return any(worked)

    def rest(self) -> float:
        due = [at for router in self.routers.values() if (at := router.next_due()) is not None]
        return max(_SOON_SECONDS, min(due) - self._clock.now()) if due else POLL_SECONDS

    def heeds_rings(self) -> bool:
        return any(router.lease.fence for router in list(self.routers.values()))

    def close(self) -> None:
        for router in self.routers.values():
            router.close()

    def _one(self, router: WorkspaceRouter, do: Callable[..., bool], *, now: float) -> bool:
        """One workspace that cannot be routed must not hold up the others; a database that is gone holds up all."""
        try:
            return do(router, now=now)
        except Error:
            raise
        except Workspace.DoesNotExist:  # It has just been deleted.
            self._look_at = 0.0
            return False
        except Exception:
            logger.exception("workspace could not be routed", workspace=router.sid)
            return False

    def _sorted(self, news: Iterable[News]) -> dict[str, list[News]]:
        found: dict[str, list[News]] = defaultdict(list)
        for each in news:
            found[each.workspace_sid].append(each)
        if any(sid and sid not in self.routers for sid in found):
            self._look_at = 0.0
        return found

    def _find_workspaces(self) -> None:
        if time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + WORKSPACES_SECONDS
        found = dict(Workspace.objects.values_list("sid", "pk"))
        for sid in self.routers.keys() - found.keys():
            self.routers.pop(sid).close()
        for sid, pk in found.items():
            if sid not in self.routers:
                self.routers[sid] = WorkspaceRouter(pk=pk, sid=sid)
