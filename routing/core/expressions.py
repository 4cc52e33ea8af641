"""TaskRouter's expression language: text in, a test on facts out.

A test never raises, whatever the data: a missing name is null, and what cannot be compared does not match. The rules,
where https://www.twilio.com/docs/taskrouter/expression-syntax leaves them open, are the tests in ``test_expressions``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from routing.core.operators import MIRRORED, OPERATORS, Read, Scope, Test, compare, compare_with
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

__all__ = [
    "ALWAYS",
    "Expression",
    "ExpressionError",
    "is_constant",
    "lookup",
    "parse",
    "parse_crew",
    "parse_target",
    "reader",
]

LONG: Final = 256
"""Characters from which on an expression is a long one."""
_MAPPINGS: Final = (dict, Mapping)  # The abstract one alone takes five times as long to ask.


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression: call it with the names it may look at. Two of the same text are equal.

    >>> parse("skills HAS 'billing' AND level >= 3")({"skills": ["billing"], "level": 4})
    True
    """

    text: str
    tree: Condition = field(compare=False, repr=False)
    test: Test = field(compare=False, repr=False)
    references: tuple[Reference, ...] = field(compare=False, repr=False)

    def __call__(self, scope: Scope) -> bool:
        return self.test(scope)

    def paths(self, root: str) -> tuple[ReferencePath, ...]:
        """The paths that begin with ``root``, each once, without it."""
        return tuple(dict.fromkeys(ref.path[1:] for ref in self.references if ref.path[0] == root))


def parse(text: str) -> Expression:
    """The compiled expression; the same text is compiled once.

    Raises ExpressionError with line, column and what was expected there.
    """
    return _short(text) if len(text) <= LONG else _long(text)


def _read(text: str) -> Expression:
    tree = read(text)
    return Expression(text, tree, _compile(tree), tuple(_references(tree)))


# An expression takes 150 times the memory of its text: of long ones, which anybody may type, few are kept.
_short: Final = lru_cache(maxsize=8192)(_read)
_long: Final = lru_cache(maxsize=256)(_read)


def parse_crew(text: str) -> Expression | None:
    """The expression by which workers serve a queue; None, and so nobody, for an empty one.

    >>> parse_crew("") is None
    True
    """
    return parse(text) if text else None


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
            scope = scope.get(part) if isinstance(scope, _MAPPINGS) else None
    return scope


def reader(operand: Operand) -> Read:
    """What finds the operand's value in a scope."""
    match operand:
        case Literal(value):
            return lambda _scope: value
        case Reference(path):
            return _reading(path)
        case Listed(items):
            values = tuple(reader(item) for item in items)
            return lambda scope: [value(scope) for value in values]


def _compile(node: Condition) -> Test:
    match node:
        case Comparison(operator, left, right):
            return _compile_comparison(operator, left, right)
        case Negation(part):
            test = _compile(part)
            return lambda scope: not test(scope)
        case Junction(conjunction, parts):
            return _compile_junction(conjunction, tuple(_compile(part) for part in parts))


def _compile_comparison(operator: str, left: Operand, right: Operand) -> Test:
    if is_constant(left) and is_constant(right):
        verdict = OPERATORS[operator](reader(left)({}), reader(right)({}))
        return lambda _scope: verdict
    if is_constant(right):
        return compare_with(operator, reader(left), reader(right)({}))
    if is_constant(left) and operator in MIRRORED:
        return compare_with(MIRRORED[operator], reader(right), reader(left)({}))
    return compare(operator, reader(left), reader(right))


def is_constant(operand: Operand) -> bool:
    """Whether nothing has to be looked up."""
    return not _references(operand)


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


def _reading(path: ReferencePath) -> Read:
    """One name and two are nearly all that there is, and `lookup` takes three times as long for them."""
    match path:
        case (str(name),):
            return lambda scope: scope.get(name)
        case (str(root), str(name)):
            return lambda scope: inner.get(name) if isinstance(inner := scope.get(root), dict) else None
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
