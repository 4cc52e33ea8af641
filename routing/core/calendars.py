"""Business calendars as facts of a workflow's filters: `calendar.support.open == true`.

In a workflow that names calendars, `calendar` means them and nothing else: a task attribute of that name, which may
come from a customer, must not open the doors. Elsewhere, and where nothing follows the name, it is an attribute.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any, Final

from hours.core.calendar import Calendar
from hours.core.facts import FACTS, facts
from routing.core.syntax import ExpressionError, Reference

ROOT: Final = "calendar"
NAMES_TOLD: Final = 8


def named(references: Iterable[Reference]) -> frozenset[str]:
    """The unique names of the calendars that an expression asks for."""
    return frozenset(str(each.path[1]) for each in references if _is_calendar(each))


def check(references: Iterable[Reference], known: Collection[str]) -> None:
    """Raises ExpressionError at the first calendar that is not ``known``, or is asked for what none can tell."""
    for each in references:
        if not _is_calendar(each):
            continue
        name, asked = str(each.path[1]), each.path[2:]
        if name not in known:
            raise _unknown(each, name, known)
        if len(asked) != 1 or asked[0] not in FACTS:
            raise ExpressionError(
                "Line %(line)d, column %(column)d: write calendar.%(name)s. and one of %(expected)s.",
                line=each.line,
                column=each.column,
                expected=", ".join(FACTS),
                name=name,
            )


def _unknown(reference: Reference, name: str, known: Collection[str]) -> ExpressionError:
    if not known:
        return ExpressionError(
            "Line %(line)d, column %(column)d: there is no calendar %(name)s. The workspace has none yet.",
            line=reference.line,
            column=reference.column,
            name=name,
        )
    return ExpressionError(
        "Line %(line)d, column %(column)d: there is no calendar %(name)s. There is: %(expected)s.",
        line=reference.line,
        column=reference.column,
        expected=listed(name, known),
        name=name,
    )


def listed(name: str, known: Iterable[str]) -> str:
    """The names that there are, the most similar to a wrong one first, and only some of many.

    >>> listed("suport", {"sales", "Support", "billing"})
    'Support, sales, billing'
    """
    wanted = name.casefold()
    similar = {each: SequenceMatcher(None, wanted, each.casefold()).ratio() for each in known}
    nearest = sorted(similar, key=lambda each: (-similar[each], each.casefold(), each))
    return ", ".join(nearest[:NAMES_TOLD]) + (" …" if len(nearest) > NAMES_TOLD else "")


def scope_with(attributes: Mapping[str, Any], said: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """What filters may look at: a task's attributes, and what calendars say."""
    return {**attributes, ROOT: said} if said else attributes


def say(calendars: Mapping[str, Calendar], wanted: Iterable[str], moment: datetime) -> dict[str, Mapping[str, Any]]:
    """What those of the wanted calendars that there are say of an aware moment."""
    return {name: facts(calendars[name], moment) for name in wanted if name in calendars}


def _is_calendar(reference: Reference) -> bool:
    return reference.path[0] == ROOT and len(reference.path) > 1 and isinstance(reference.path[1], str)
