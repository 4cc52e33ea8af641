"""What an expression surely asks for: a value without which it cannot hold.

Most queues ask for a skill or a language among other things. A worker who changes is compared only with the queues
that ask for something that he has. And where a task asks for its owner or its account, only the workers who have that
are looked at, of thousands.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from routing.core.expressions import Expression, lookup
from routing.core.syntax import Comparison, Condition, Junction, Listed, Literal, Operand, Reference, ReferencePath

K = TypeVar("K", bound=Hashable)
Scalar = str | int | float
Place = tuple[ReferencePath, bool]
"""A path, and whether an array stands there."""


@dataclass(frozen=True, slots=True)
class Term:
    """One of ``texts`` must be what stands at the path or, for an ``array``, be in what stands there."""

    path: ReferencePath
    texts: frozenset[str]
    array: bool = False


def required(expression: Expression) -> Term | None:
    """Such a term, an array's rather than another's.

    >>> from routing.core.expressions import parse
    >>> required(parse("level > 2 AND language == 'es' AND skills HAS 'billing'"))
    Term(path=('skills',), texts=frozenset({'billing'}), array=True)
    >>> required(parse("language IN ['es'] OR level > 2"))
    """
    terms = [term for part in _conjuncts(expression.tree) if (term := _term(part)) is not None]
    return next((term for term in terms if term.array), terms[0] if terms else None)


class Index(Generic[K]):
    """Keys by the terms of their expressions."""

    def __init__(self) -> None:
        self._plain: dict[K, None] = {}
        self._by_term: dict[Place, dict[Scalar, dict[K, None]]] = {}

    def put(self, key: K, expression: Expression | None) -> None:
        """The key is new. Without an expression it is never found."""
        if expression is None:
            return
        term = required(expression)
        if term is None:
            self._plain[key] = None
            return
        by_text = self._by_term.setdefault((term.path, term.array), {})
        for text in term.texts:
            by_text.setdefault(text, {})[key] = None

    def drop(self, key: K) -> None:
        """The key is not looked for any more."""
        self._plain.pop(key, None)
        for by_text in self._by_term.values():
            for keys in by_text.values():
                keys.pop(key, None)

    def candidates(self, attributes: Mapping[str, Any]) -> Iterator[K]:
        """All keys whose expressions may hold, some of them twice."""
        yield from self._plain
        for (path, array), by_text in self._by_term.items():
            for value in _scalars(lookup(attributes, path), array):
                yield from by_text.get(value, ())


@dataclass(frozen=True, slots=True)
class Holding:
    """What one worker must have: this value at the path or, for an ``array``, in what stands there."""

    path: ReferencePath
    value: Scalar
    array: bool


def holding(expression: Expression, task: Mapping[str, Any]) -> Holding | None:
    """Such a value, of a target's expression and the task that asks.

    >>> from routing.core.expressions import parse_target
    >>> holding(parse_target("worker.level > 2 AND worker.sid == task.owner"), {"owner": "WK1"})
    Holding(path=('sid',), value='WK1', array=False)
    >>> holding(parse_target("worker.sid == task.owner"), {})
    """
    found = (_holding(part, task) for part in _conjuncts(expression.tree))
    return next((each for each in found if each is not None), None)


class Holders(Generic[K]):
    """Those of ``everybody`` by what stands in their scopes. Only what was once asked for is kept."""

    def __init__(self, everybody: Mapping[int, K], scope: Callable[[K], Mapping[str, Any]]) -> None:
        self._everybody = everybody
        self._scope = scope
        self._by_place: dict[Place, dict[Scalar, dict[K, None]]] = {}

    def put(self, key: K) -> None:
        """One is new, or has a new scope."""
        for place, by_value in self._by_place.items():
            self._hold(key, place, by_value)

    def drop(self, key: K) -> None:
        """One is gone, or is about to have a new scope."""
        for (path, array), by_value in self._by_place.items():
            for value in _scalars(lookup(self._scope(key), path), array):
                del by_value[value][key]
                if not by_value[value]:
                    del by_value[value]

    def of(self, asked: Holding) -> Iterable[K]:
        """All who may hold it."""
        place = asked.path, asked.array
        by_value = self._by_place.get(place)
        if by_value is None:
            by_value = self._by_place[place] = {}
            for key in self._everybody.values():
                self._hold(key, place, by_value)
        return by_value.get(asked.value, ())

    def _hold(self, key: K, place: Place, by_value: dict[Scalar, dict[K, None]]) -> None:
        path, array = place
        for value in _scalars(lookup(self._scope(key), path), array):
            by_value.setdefault(value, {})[key] = None


def _scalars(value: Any, array: bool) -> Iterable[Scalar]:
    if array:
        return {item for item in value if isinstance(item, Scalar)} if isinstance(value, list) else ()
    return (value,) if isinstance(value, Scalar) else ()


def _holding(node: Condition, task: Mapping[str, Any]) -> Holding | None:
    match node:
        case Comparison("==", left, right):
            return _held(left, right, task, array=False) or _held(right, left, task, array=False)
        case Comparison("has", left, right) | Comparison("in", right, left):
            return _held(left, right, task, array=True)
    return None


def _held(holder: Operand, asked: Operand, task: Mapping[str, Any], *, array: bool) -> Holding | None:
    match holder, asked:
        case Reference(("worker", *path)), Reference(("task", *of_task)):
            value = lookup(task, tuple(of_task))
        case Reference(("worker", *path)), Literal(value):
            pass
        case _:
            return None
    return Holding(tuple(path), value, array) if isinstance(value, Scalar) else None


def _conjuncts(node: Condition) -> Iterator[Condition]:
    if isinstance(node, Junction) and node.conjunction:
        for part in node.parts:
            yield from _conjuncts(part)
    else:
        yield node


def _term(node: Condition) -> Term | None:
    match node:
        case Comparison("==", Reference(path), Literal(str(text))) | Comparison(
            "==", Literal(str(text)), Reference(path)
        ):
            return Term(path, frozenset((text,)))
        case Comparison("has", Reference(path), Literal(str(text))) | Comparison(
            "in", Literal(str(text)), Reference(path)
        ):
            return Term(path, frozenset((text,)), array=True)
        case Comparison("in", Reference(path), Listed(items)):
            return _one_of(path, items)
    return None


def _one_of(path: ReferencePath, items: tuple[Operand, ...]) -> Term | None:
    texts = [item.value for item in items if isinstance(item, Literal) and isinstance(item.value, str)]
    return Term(path, frozenset(texts)) if len(texts) == len(items) else None
