"""What can be said of an expression without any data: whether it can ever hold, always does, or says what another says.

Every answer is safe: "never", "always" and "implies" are only said where they are sure. An expression is taken apart
into *cases*, of which one must hold; a case is impossible when no value of some attribute fits all that the case says
of it. Values are not guessed: the operators only tell constants, the gaps between them and the kinds of JSON apart.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache, wraps
from itertools import pairwise
from typing import Any, Final, ParamSpec, TypeVar

from routing.core.expressions import LONG, Expression
from routing.core.operators import OPERATORS
from routing.core.syntax import Comparison, Condition, Junction, Listed, Literal, Negation, Operand, Reference

P = ParamSpec("P")
Answer = TypeVar("Answer")

MAX_CASES: Final = 64
MAX_TRIED: Final = 512
"""So many combinations of cases are looked at."""
MAX_CLAIMS: Final = 32
"""A case that says more is taken for possible: looking takes the cube of its length."""
MAX_CONSTANTS: Final = 200
"""The same where one attribute is compared with more."""
_EXACT: Final = 2**53
"""Beyond this, neighbouring numbers cannot be told apart."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One comparison of a case, or its contrary (``holds`` is False)."""

    text: str
    holds: bool
    comparison: Comparison = field(compare=False, repr=False)


Case = frozenset[Claim]


def _kept(maxsize: int) -> Callable[[Callable[P, Answer]], Callable[P, Answer]]:
    """As `lru_cache`, of short expressions alone: it holds on to what it was asked of."""

    def keeper(ask: Callable[P, Answer]) -> Callable[P, Answer]:
        known: Any = lru_cache(maxsize=maxsize)(ask)

        @wraps(ask)
        def answer(*asked: P.args, **more: P.kwargs) -> Answer:
            long = any(isinstance(each, Expression) and len(each.text) > LONG for each in asked)
            found: Answer = ask(*asked, **more) if long else known(*asked, **more)
            return found

        return answer

    return keeper


@_kept(4096)
def can_hold(expression: Expression) -> bool:
    """False only when no data whatever satisfies the expression.

    >>> from routing.core.expressions import parse
    >>> can_hold(parse("1 == 0")), can_hold(parse("topic == 'a' AND topic == 'b'")), can_hold(parse("level > 3"))
    (False, False, True)
    """
    return _possible_cases(expression, True) != []


@_kept(4096)
def always_holds(expression: Expression) -> bool:
    """True only when all data satisfy the expression.

    >>> from routing.core.expressions import parse
    >>> always_holds(parse("1 == 1")), always_holds(parse("a == null OR a != null")), always_holds(parse("a != null"))
    (True, True, False)
    """
    return _possible_cases(expression, False) == []


@_kept(65536)
def implies(one: Expression, other: Expression) -> bool:
    """True only when whatever satisfies ``one`` satisfies ``other`` as well.

    >>> from routing.core.expressions import parse
    >>> implies(parse("topic == 'a' AND vip == true"), parse("topic IN ['a', 'b']"))
    True
    >>> implies(parse("level > 3"), parse("level > 5"))
    False
    """
    return says_the_same(one, other) or _both(one, other, False) == []


@_kept(65536)
def can_hold_together(one: Expression, other: Expression) -> bool:
    """False only when nothing satisfies both."""
    return _both(one, other, True) != []


def says_the_same(one: Expression, other: Expression) -> bool:
    """Whether they differ in spaces, parentheses and quotation marks alone."""
    return _spelled(one.tree) == _spelled(other.tree)


def _spelled(node: Condition | Operand) -> str:
    """The one way to write it: what Python takes for equal (0 and False) is not the same here."""
    match node:
        case Literal(value):
            return repr(value)
        case Reference(path):
            return ".".join(str(part) for part in path)
        case Listed(items):
            return f"[{', '.join(_spelled(item) for item in items)}]"
        case Comparison(operator, left, right):
            return f"{_spelled(left)} {operator} {_spelled(right)}"
        case Negation(part):
            return f"not ({_spelled(part)})"
        case Junction(conjunction, parts):
            return f"({(' and ' if conjunction else ' or ').join(_spelled(part) for part in parts)})"


# --- cases ---


def _both(one: Expression, other: Expression, holds: bool) -> list[Case] | None:
    """The cases in which ``one`` holds, and ``other`` holds or fails."""
    return _all_of([_possible_cases(one, True), _possible_cases(other, holds)])


@_kept(2048)
def _possible_cases(expression: Expression, holds: bool) -> list[Case] | None:
    return _cases(expression.tree, holds)


def _cases(node: Condition, holds: bool) -> list[Case] | None:
    """The possible cases in which the condition holds, or fails; None when there are too many to look at."""
    match node:
        case Comparison():
            return _possible([frozenset({Claim(_spelled(node), holds, node)})])
        case Negation(part):
            return _cases(part, not holds)
        case Junction(conjunction, parts):
            each = [_cases(part, holds) for part in parts]
            return _all_of(each) if conjunction is holds else _any_of(each)


def _any_of(lists: list[list[Case] | None]) -> list[Case] | None:
    if None in lists:
        return None
    cases = [case for each in lists for case in each or ()]
    return cases if len(cases) <= MAX_CASES else None


def _all_of(lists: list[list[Case] | None]) -> list[Case] | None:
    """What is too much to look at is left out: the rest may be impossible without it."""
    whole: list[Case] = [frozenset()]
    for each in sorted((found for found in lists if found is not None), key=len):
        if len(whole) * len(each) > MAX_TRIED:
            return None
        whole = _possible(case | more for case in whole for more in each)
        if len(whole) > MAX_CASES:
            return None
    return whole if None not in lists or not whole else None


def _possible(cases: Iterable[Case]) -> list[Case]:
    return [case for case in dict.fromkeys(cases) if _is_possible(case)]


def _is_possible(case: Case) -> bool:
    if len(case) > MAX_CLAIMS:
        return True
    if len({claim.text for claim in case}) < len(case):  # The same comparison, once holding and once failing.
        return False
    about: dict[Any, list[Claim]] = {}
    for claim in case:
        reference = _reference(claim.comparison)
        if reference is None and not _references(claim.comparison.left) + _references(claim.comparison.right):
            if _judge(claim, None) is not claim.holds:
                return False
        elif reference is not None:
            about.setdefault(reference.path, []).append(claim)
    return all(_fits(claims) for claims in about.values())


# --- one attribute ---


def _reference(comparison: Comparison) -> Reference | None:
    """The attribute that is compared with a constant; None where two attributes are, or none."""
    left, right = comparison.left, comparison.right
    if isinstance(left, Reference) and not _references(right):
        return left
    return right if isinstance(right, Reference) and not _references(left) else None


def _references(operand: Operand) -> list[Reference]:
    if isinstance(operand, Listed):
        return [reference for item in operand.items for reference in _references(item)]
    return [operand] if isinstance(operand, Reference) else []


def _fits(claims: list[Claim]) -> bool:
    """Whether some value satisfies all that is said of one attribute."""
    constants = [constant for claim in claims for constant in _constants(claim.comparison)]
    if len(constants) > MAX_CONSTANTS:
        return True
    if any(_is_number(constant) and abs(constant) > _EXACT for constant in constants):
        return True
    wanted = [constant for claim in claims if claim.holds for constant in _constants(claim.comparison)]
    listed = next((_constants(claim.comparison) for claim in claims if _lists_values(claim)), None)
    values = _values(constants, wanted) if listed is None else listed
    return any(all(_judge(claim, value) is claim.holds for claim in claims) for value in values)


def _lists_values(claim: Claim) -> bool:
    """Whether the attribute must be one of the constants."""
    comparison = claim.comparison
    if not claim.holds or comparison.operator not in ("==", "in"):
        return False
    return comparison.operator == "==" or isinstance(comparison.left, Reference)


def _judge(claim: Claim, value: Any) -> bool:
    """Whether the comparison itself holds for the attribute's value."""
    left, right = (
        value if isinstance(side, Reference) else _constant(side)
        for side in (claim.comparison.left, claim.comparison.right)
    )
    return OPERATORS[claim.comparison.operator](left, right)


def _constant(operand: Operand) -> Any:
    match operand:
        case Literal(value):
            return value
        case Listed(items):
            return [_constant(item) for item in items]
    return None


def _constants(comparison: Comparison) -> list[Any]:
    """The scalars in a comparison, those of a list each by itself."""
    found: list[Any] = []
    for side in (comparison.left, comparison.right):
        parts = side.items if isinstance(side, Listed) else (side,)
        found += [part.value for part in parts if isinstance(part, Literal)]
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _values(constants: list[Any], wanted: list[Any]) -> Iterator[Any]:
    """A value for each way in which the operators can answer, as far as these constants make a difference."""
    yield from (None, True, False, {}, [], wanted, constants)
    yield from _numbers(sorted({number for number in constants if _is_number(number)}))
    texts = [text for text in constants if isinstance(text, str)]
    yield from _texts(texts, "\0".join(text for text in wanted if isinstance(text, str)))


def _numbers(known: list[float]) -> Iterator[float]:
    """The constants, the gaps between them, and beyond both ends."""
    yield from known
    yield from ((low + high) / 2 for low, high in pairwise(known))
    yield from (known[0] - 1, known[-1] + 1) if known else (0,)


def _texts(known: list[str], parts: str) -> Iterator[str]:
    """The constants, what comes right behind each of them, and texts that contain what must be contained."""
    for text in ("", *known):
        yield from (text, f"{text}\0", f"{text}\0{parts}")
    yield parts
