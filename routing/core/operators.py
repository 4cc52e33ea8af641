"""The language's ten operators: what each says of two JSON values, whatever they are.

https://www.twilio.com/docs/taskrouter/expression-syntax: a missing name is null; a scalar operator on an array and an
array operator on two scalars are false. What it leaves open is settled by the truth table in ``test_expressions``.
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

Scope = Mapping[str, Any]
Read = Callable[[Scope], Any]
Test = Callable[[Scope], bool]

_KINDS: Final[Mapping[type, str]] = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    float: "number",
    str: "text",
    list: "array",
}
SCALARS: Final = frozenset({"null", "boolean", "number", "text"})
ORDERED: Final = frozenset({"number", "text"})


def kind(value: Any) -> str:
    """What sort of JSON value it is. ``true`` is no number, unlike in Python.

    >>> kind(True), kind(1.5), kind(["a"]), kind({})
    ('boolean', 'number', 'array', 'object')
    """
    return _KINDS.get(value.__class__, "object")


def equal(left: Any, right: Any) -> bool:
    """The same kind and the same value: 1 is 1.0, but never '1'. Arrays and objects equal nothing."""
    sort = kind(left)
    return sort in SCALARS and sort == kind(right) and bool(left == right)


def unequal(left: Any, right: Any) -> bool:
    """Against null it asks for existence, of arrays too: Twilio's examples write ``preferred_agents != null``."""
    if left is None or right is None:
        return left is not right
    return kind(left) in SCALARS and kind(right) in SCALARS and not equal(left, right)


def contains(left: Any, right: Any) -> bool:
    """Whether a text has the other in it."""
    return isinstance(left, str) and isinstance(right, str) and right in left


def has(left: Any, right: Any) -> bool:
    """Whether the array on the left has the value."""
    if kind(left) != "array":
        return False
    if isinstance(right, str):  # Equals nothing but a text, so that Python's own search is right, and ten times faster.
        return right in left
    return any(equal(item, right) for item in left)


def within(left: Any, right: Any) -> bool:
    """``IN``: `has` from the other side."""
    return has(right, left)


def without(left: Any, right: Any) -> bool:
    """``NOT IN``: like every array operator, false where no array stands."""
    return kind(right) == "array" and kind(left) in SCALARS and not has(right, left)


def _ordering(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def ordered(left: Any, right: Any) -> bool:
        sort = kind(left)
        return sort in ORDERED and sort == kind(right) and compare(left, right)

    return ordered


_ORDERINGS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "==": equal,
    "!=": unequal,
    **{name: _ordering(compare) for name, compare in _ORDERINGS.items()},
    "contains": contains,
    "has": has,
    "in": within,
    "not_in": without,
}
MIRRORED: Final[Mapping[str, str]] = {
    "==": "==",
    "!=": "!=",
    "<": ">",
    "<=": ">=",
    ">": "<",
    ">=": "<=",
    "has": "in",
    "in": "has",
}
"""What says the same with the sides changed."""


def compare(name: str, left: Read, right: Read) -> Test:
    """The test ``left name right``, both sides read from the scope."""
    judge = OPERATORS[name]
    return lambda scope: judge(left(scope), right(scope))


def compare_with(name: str, read: Read, constant: Any) -> Test:
    """The test ``read name constant``.

    Nearly every comparison is one with a constant. What is known of the constant is settled here instead of with every
    worker, which takes a fifth of the time; the differential test holds each shortcut equal to the plain operator.
    """
    shortcut = _SHORTCUTS.get((name, kind(constant)))
    return shortcut(read, constant) if shortcut else compare(name, read, lambda _scope: constant)


def _order_with_number(compare: Callable[[Any, Any], bool]) -> "Shortcut":
    def shortcut(read: Read, constant: Any) -> Test:
        def ordered(scope: Scope) -> bool:
            value = read(scope)
            return (value.__class__ is int or value.__class__ is float) and compare(value, constant)

        return ordered

    return shortcut


def _within_constants(read: Read, constant: Any) -> Test:
    if not all(isinstance(item, str) for item in constant):
        return compare("in", read, lambda _scope: constant)
    texts = frozenset(constant)
    return lambda scope: (value := read(scope)).__class__ is str and value in texts


Shortcut = Callable[[Read, Any], Test]
_SHORTCUTS: Final[Mapping[tuple[str, str], Shortcut]] = {
    ("==", "text"): lambda read, constant: lambda scope: bool(read(scope) == constant),
    ("==", "null"): lambda read, _null: lambda scope: read(scope) is None,
    ("!=", "null"): lambda read, _null: lambda scope: read(scope) is not None,
    **{(name, "number"): _order_with_number(compare) for name, compare in _ORDERINGS.items()},
    ("has", "text"): lambda read, constant: lambda scope: (held := read(scope)).__class__ is list and constant in held,
    ("in", "array"): _within_constants,
}
