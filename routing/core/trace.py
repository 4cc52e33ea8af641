"""Which comparisons decided an expression, and what was found on both sides of them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Literal

from routing.core.expressions import Expression, is_constant, reader
from routing.core.operators import OPERATORS, Scope, kind
from routing.core.syntax import Comparison, Condition, Junction, Negation, Operand

MAX_CLAUSES: Final = 12
MAX_TEXT: Final = 160

Hint = Literal["", "missing", "array", "no-array", "kinds", "case"]
"""A likely mistake: nothing is there; an array where a scalar belongs, or the reverse; a text and a number; only upper
and lower case differ."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: as it is written, and what stood there."""

    text: str
    value: str
    constant: bool


@dataclass(frozen=True, slots=True)
class Clause:
    """A comparison that decided, at its place in the text. It may have decided by being true, behind a NOT."""

    text: str
    line: int
    column: int
    operator: str
    left: Side
    right: Side
    held: bool
    hint: Hint = ""

    @property
    def found(self) -> tuple[Side, ...]:
        """What had to be looked up: everything but constants."""
        return tuple(side for side in (self.left, self.right) if not side.constant)


@dataclass(frozen=True, slots=True)
class Trace:
    """Whether the expression held, and the comparisons (at most 12) that made it so."""

    held: bool
    clauses: tuple[Clause, ...]


def why(expression: Expression, scope: Scope) -> Trace:
    """What decided: of an AND the first part that is false, or all; of an OR the first that is true, or all.

    >>> from routing.core.expressions import parse
    >>> why(parse("level >= 3 OR vip == true"), {"level": 4}).clauses[0].text
    'level >= 3'
    """
    held, clauses = _decide(expression.tree, _Reading(expression.text, scope))
    return Trace(held, tuple(islice(clauses, MAX_CLAUSES)))


def why_not(expression: Expression, scope: Scope) -> tuple[Clause, ...]:
    """The comparisons that an expression failed on; none where it holds.

    >>> from routing.core.expressions import parse
    >>> clause, = why_not(parse("level >= 3 AND skills HAS 'billing'"), {"level": 4, "skills": ["sales"]})
    >>> clause.text, clause.left.value
    ("skills HAS 'billing'", "['sales']")
    """
    trace = why(expression, scope)
    return () if trace.held else trace.clauses


@dataclass(frozen=True, slots=True)
class _Reading:
    text: str
    scope: Scope

    def clause(self, node: Comparison, *, left: Any, right: Any, held: bool) -> Clause:
        place = node.place
        return Clause(
            text=clipped(self.text[place.start : place.end]),
            line=place.line,
            column=place.column,
            operator=node.operator,
            left=self._side(node.left, left),
            right=self._side(node.right, right),
            held=held,
            hint="" if held else _hint(node.operator, left, right),
        )

    def _side(self, operand: Operand, value: Any) -> Side:
        place = operand.place
        return Side(clipped(self.text[place.start : place.end]), shown(value), is_constant(operand))


def _decide(node: Condition, reading: _Reading) -> tuple[bool, Iterable[Clause]]:
    """The verdict and its reasons; these are made only when somebody takes them out."""
    match node:
        case Negation(part):
            held, clauses = _decide(part, reading)
            return not held, clauses
        case Junction(conjunction, parts):
            seen = []
            for part in parts:
                held, clauses = _decide(part, reading)
                if held is not conjunction:
                    return held, clauses
                seen.append(clauses)
            return conjunction, (clause for clauses in seen for clause in clauses)
        case Comparison(operator, left, right):
            values = reader(left)(reading.scope), reader(right)(reading.scope)
            held = OPERATORS[operator](*values)
            return held, [reading.clause(node, left=values[0], right=values[1], held=held)]


def _hint(operator: str, left: Any, right: Any) -> Hint:
    if left is None or right is None:
        return "missing"
    sorts = kind(left), kind(right)
    if operator in ("has", "in", "not_in"):
        array, wanted = (left, right) if operator == "has" else (right, left)
        return "no-array" if kind(array) != "array" else _case(wanted, array)
    if {"array", "object"} & set(sorts):
        return "array"
    if sorts[0] != sorts[1]:
        return "kinds"
    return _case(left, [right]) if operator == "==" else ""


def _case(wanted: Any, array: list[Any]) -> Hint:
    """
    >>> _case("Gold", ["silver", "gold"])
    'case'
    """
    alike = (str.casefold(item) == wanted.casefold() for item in array if isinstance(item, str))
    return "case" if isinstance(wanted, str) and wanted not in array and any(alike) else ""


def clipped(text: str) -> str:
    """At most 160 characters on one line."""
    line = " ".join(text[: 2 * MAX_TEXT].split())
    return line if len(line) <= MAX_TEXT else f"{line[: MAX_TEXT - 1]}…"


def shown(value: Any, *, depth: int = 3) -> str:
    """A value as it would be written in an expression, in at most 160 characters; deep inside stands an ellipsis.

    >>> shown(["it's", 1, None, True]), shown({"a": 1.5})
    ("['it\\\\'s', 1, null, true]", '{a: 1.5}')
    """
    if isinstance(value, str):
        quoted = value[:MAX_TEXT].replace("\\", "\\\\").replace("'", "\\'")
        return clipped(f"'{quoted}'")
    if isinstance(value, list | tuple):
        return clipped(f"[{_joined((shown(item, depth=depth - 1) for item in value), depth)}]")
    if isinstance(value, dict):
        return clipped(
            f"{{{_joined((f'{key}: {shown(item, depth=depth - 1)}' for key, item in value.items()), depth)}}}"
        )
    return clipped(json.dumps(value, default=str))


def _joined(items: Iterable[str], depth: int) -> str:
    """As many as can be seen: a list of thousands is not written out to show its beginning."""
    return ", ".join(islice(items, MAX_TEXT // 2)) if depth else "…"
