"""TaskRouter's expression language: text in, a test on facts out.

A test never raises, whatever the data: a missing name is null, and what cannot be compared does not match. The rules,
where https://www.twilio.com/docs/taskrouter/expression-syntax leaves them open, are the tests in ``test_expressions``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from routing.core.syntax import (
    Comparison,
    Condition,
    ExpressionError,
    Junction,
    Listed,
    Literal,
    Negation,
    Operand,
    Reference,
    ReferencePath,
    read,
)

__all__ = ["ALWAYS", "Expression", "ExpressionError", "lookup", "parse", "parse_target"]

Scope = Mapping[str, Any]
Test = Callable[[Scope], bool]
Value = Callable[[Scope], Any]


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression: call it with the names it may look at.

    >>> parse("skills HAS 'billing' AND level >= 3")({"skills": ["billing"], "level": 4})
    True
    """

    text: str
    test: Test
    references: tuple[Reference, ...]

    def __call__(self, scope: Scope) -> bool:
        return self.test(scope)

    def paths(self, root: str) -> tuple[ReferencePath, ...]:
        """The paths that begin with ``root``, each once, without it."""
        return tuple(dict.fromkeys(ref.path[1:] for ref in self.references if ref.path[0] == root))


@lru_cache(maxsize=8192)
def parse(text: str) -> Expression:
    """The compiled expression; the same text is compiled once.

    Raises ExpressionError with line, column and what was expected there.
    """
    tree = read(text)
    return Expression(text, _compile(tree), tuple(_references(tree)))


def parse_target(text: str) -> Expression:
    """An expression of a workflow target, where every name starts with ``task.`` or ``worker.``."""
    expression = parse(text)
    for reference in expression.references:
        if reference.path[0] not in ("task", "worker") or len(reference.path) < 2:
            raise ExpressionError(
                "Line %(line)d, column %(column)d: names in a target start with task. or worker., unlike %(name)s.",
                line=reference.line,
                column=reference.column,
                expected="task. or worker.",
                name=".".join(str(part) for part in reference.path),
            )
    return expression


def lookup(scope: Any, path: ReferencePath) -> Any:
    """The value at a path; None where there is nothing.

    >>> lookup({"a": {"b": [1, 2]}}, ("a", "b", 1)), lookup({"a": 1}, ("a", "b"))
    (2, None)
    """
    for part in path:
        if isinstance(part, int):
            scope = scope[part] if isinstance(scope, list) and part < len(scope) else None
        else:
            scope = scope.get(part) if isinstance(scope, Mapping) else None
    return scope


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "text"
    return "null" if value is None else "array" if isinstance(value, list | tuple) else "object"


SCALARS: Final = frozenset({"boolean", "number", "text"})


def _equal(left: Any, right: Any) -> bool:
    """Against null it asks for existence (Twilio's own examples do); an array equals nothing."""
    if left is None or right is None:
        return left is right
    kind = _kind(left)
    return bool(kind in SCALARS and kind == _kind(right) and left == right)


def _unequal(left: Any, right: Any) -> bool:
    if left is None or right is None:
        return left is not right
    return _kind(left) in SCALARS and _kind(right) in SCALARS and not _equal(left, right)


def _ordered(left: Any, right: Any) -> bool:
    kind = _kind(left)
    return kind in ("number", "text") and kind == _kind(right)


def _contains(left: Any, right: Any) -> bool:
    return isinstance(left, str) and isinstance(right, str) and right in left


def _has(left: Any, right: Any) -> bool:
    return isinstance(left, list | tuple) and any(_equal(item, right) for item in left)


def _lacks(left: Any, right: Any) -> bool:
    """``left NOT IN right``: like every array operator, false where no array stands."""
    return isinstance(right, list | tuple) and _kind(left) not in ("array", "object") and not _has(right, left)


OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "==": _equal,
    "!=": _unequal,
    "<": lambda left, right: _ordered(left, right) and bool(left < right),
    "<=": lambda left, right: _ordered(left, right) and bool(left <= right),
    ">": lambda left, right: _ordered(left, right) and bool(left > right),
    ">=": lambda left, right: _ordered(left, right) and bool(left >= right),
    "contains": _contains,
    "has": _has,
    "in": lambda left, right: _has(right, left),
    "not_in": _lacks,
}


def _compile(node: Condition) -> Test:
    match node:
        case Comparison(operator, left, right):
            return _compile_comparison(OPERATORS[operator], _value(left), _value(right))
        case Negation(part):
            test = _compile(part)
            return lambda scope: not test(scope)
        case Junction(conjunction, parts):
            return _compile_junction(conjunction, tuple(_compile(part) for part in parts))


def _compile_comparison(compare: Callable[[Any, Any], bool], left: Value, right: Value) -> Test:
    return lambda scope: compare(left(scope), right(scope))


def _compile_junction(conjunction: bool, tests: tuple[Test, ...]) -> Test:
    def every(scope: Scope) -> bool:
        for test in tests:  # noqa: SIM110 - half the time of a generator
            if not test(scope):
                return False
        return True

    def some(scope: Scope) -> bool:
        for test in tests:  # noqa: SIM110 - as above
            if test(scope):
                return True
        return False

    return every if conjunction else some


def _value(operand: Operand) -> Value:
    match operand:
        case Literal(value):
            return lambda _scope: value
        case Reference(path):
            return _reading(path)
        case Listed(items):
            values = tuple(_value(item) for item in items)
            return lambda scope: [value(scope) for value in values]


def _reading(path: ReferencePath) -> Value:
    if len(path) == 1:
        name = str(path[0])
        return lambda scope: scope.get(name)
    return lambda scope: lookup(scope, path)


def _references(node: Condition | Operand) -> list[Reference]:
    match node:
        case Reference():
            return [node]
        case Listed(parts) | Junction(_, parts):
            return [reference for part in parts for reference in _references(part)]
        case Comparison(_, left, right):
            return _references(left) + _references(right)
        case Negation(part):
            return _references(part)
    return []


ALWAYS: Final = parse("1==1")
