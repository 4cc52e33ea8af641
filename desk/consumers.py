"""The desk's socket."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest

from accounts.models import User
from accounts.queries import lacks_factor
from agents.models import Worker
from agents.queries import actor_for, worker_for
from desk import commands, snapshot
from eventlog.stream import StreamConsumer
from kernel.actor import Actor


class DeskConsumer(StreamConsumer):
    """An agent's tab: hears the agent's own audience and what all desks are told, speaks the desk's commands."""

    ephemeral: ClassVar[frozenset[str]] = frozenset({"typing"})

    def __init__(self) -> None:
        super().__init__()
        self._actor = Actor("user")
        self._worker_pk = 0

    def admit(self) -> list[str] | None:
        user = self._user()
        worker = worker_for(user) if user is not None else None
        if user is None or worker is None:
            return None
        self.user_sid = user.sid
        self.language = user.locale or "en"
        self._actor = actor_for(user)
        self._worker_pk = worker.pk
        return [f"worker:{worker.sid}", f"desk:{worker.workspace.sid}"]

    def still_admitted(self) -> bool:
        user = self._user()
        return user is not None and actor_for(user) == self._actor

    def snapshot(self) -> Mapping[str, Any]:
        return snapshot.of(self._worker())

    def command(self, name: str, frame: Mapping[str, Any]) -> Mapping[str, Any] | None:
        return commands.carry_out(name, frame, actor=self._actor, worker=self._worker())

    def _worker(self) -> Worker:
        return Worker.objects.select_related("activity", "workspace__account").get(pk=self._worker_pk)

    def _user(self) -> User | None:
        """The person behind the session as it stands now, not as it stood when the socket opened."""
        session = self.scope.get("session")
        if session is None or not session.session_key:
            return None
        request = HttpRequest()
        request.session = SessionStore(session.session_key)
        user = get_user(request)
        return user if isinstance(user, User) and user.is_active and not lacks_factor(user) else None
