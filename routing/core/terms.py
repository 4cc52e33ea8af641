"""What an expression surely asks for: a value without which it cannot hold.

Most queues ask for a skill or a language among other things. A worker who changes is compared only with the queues
that ask for something that he has.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from routing.core.expressions import Expression, lookup
from routing.core.syntax import Comparison, Condition, Junction, Listed, Literal, Operand, Reference, ReferencePath

K = TypeVar("K", bound=Hashable)


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
        self._by_term: dict[tuple[ReferencePath, bool], dict[str, dict[K, None]]] = {}

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
            for text in _texts(lookup(attributes, path), array):
                yield from by_text.get(text, ())


def _texts(value: Any, array: bool) -> Iterable[str]:
    if array:
        return {item for item in value if isinstance(item, str)} if isinstance(value, list) else ()
    return (value,) if isinstance(value, str) else ()


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
