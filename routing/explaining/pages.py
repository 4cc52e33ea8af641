"""Long lists a page at a time; a page begins behind the entry that its token names."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from kernel.errors import Invalid
from routing.core.explain import Detail, Survey
from routing.core.facts import WorkerFacts

PAGE_SIZE = 20
PAGE_LIMIT = 100

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class Page(Generic[Entry]):
    """``count`` is of all pages; ``next_token`` is empty on the last one."""

    items: tuple[Entry, ...] = ()
    count: int = 0
    next_token: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """A worker and what stands between him and the work."""

    worker: WorkerFacts
    detail: Detail


@dataclass(frozen=True, slots=True)
class Ask:
    """Which of the workers: only those with one of these ``letters``, or only the ``worker`` of that sid.

    Of a queue's, for which ``channel`` (unique name) they are judged.
    """

    letters: str = ""
    worker: str = ""
    channel: str = ""
    after: str = ""
    size: int = PAGE_SIZE


def cut(entries: Sequence[Entry], token: Callable[[Entry], str], ask: Ask) -> tuple[Sequence[Entry], str]:
    """The page behind ``ask.after`` and the token of the next one. Raises Invalid for a token that nobody has."""
    start = 0
    if ask.after:
        start = next((index + 1 for index, entry in enumerate(entries) if token(entry) == ask.after), 0)
        if start == 0:
            raise Invalid("This page token is not one of yours. Begin without it.", field="page_token")
    page = entries[start : start + ask.size]
    more = start + ask.size < len(entries)
    return page, token(page[-1]) if more else ""


def people(survey: Survey, ask: Ask) -> Page[Person]:
    """Those of the workers who are asked for, the nearest to serving first."""
    wanted = [
        index
        for index, (letter, worker) in enumerate(survey.judged)
        if letter in (ask.letters or letter) and worker.facts.sid == (ask.worker or worker.facts.sid)
    ]
    page, token = cut(wanted, lambda index: survey.judged[index][1].facts.sid, ask)
    shown = tuple(Person(survey.judged[index][1].facts, survey.detail(index)) for index in page)
    return Page(shown, len(wanted), token)
