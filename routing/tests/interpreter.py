"""The expression language once more, as slowly and plainly as the truth table tells it: what the compiler is held to.

It walks the syntax tree and knows nothing of `routing.core.operators`.
"""

from typing import Any

from routing.core.syntax import Comparison, Condition, Junction, Listed, Literal, Negation, Operand, Reference

SCALARS = (str, int, float, bool)


def truth(node: Condition, data: dict[str, Any]) -> bool:
    """Whether the condition holds."""
    if isinstance(node, Negation):
        return not truth(node.part, data)
    if isinstance(node, Junction):
        truths = [truth(part, data) for part in node.parts]
        return False not in truths if node.conjunction else True in truths
    assert isinstance(node, Comparison)
    return compared(value(node.left, data), node.operator, value(node.right, data))


def value(operand: Operand, data: dict[str, Any]) -> Any:
    """A missing key resolves to null."""
    if isinstance(operand, Literal):
        return operand.value
    if isinstance(operand, Listed):
        return [value(item, data) for item in operand.items]
    assert isinstance(operand, Reference)
    found: Any = data
    for part in operand.path:
        try:
            found = found[part] if type(part) is {dict: str, list: int}.get(type(found)) else None
        except (KeyError, IndexError):
            found = None
    return found


def compared(left: Any, operator: str, right: Any) -> bool:
    """One row of the truth table after the other."""
    match operator:
        case "==" | "!=":
            holds = equality(left, operator, right)
        case "<" | "<=" | ">" | ">=":
            holds = ordered(left, operator, right)
        case "contains":
            holds = isinstance(left, str) and isinstance(right, str) and left.find(right) >= 0
        case "has":
            holds = isinstance(left, list) and member(right, left)
        case "in":
            holds = isinstance(right, list) and member(left, right)
        case "not_in":
            holds = isinstance(right, list) and not isinstance(left, (list, dict)) and not member(left, right)
    return holds


def equality(left: Any, operator: str, right: Any) -> bool:
    """Against null it asks for existence; otherwise both are scalars, or it is false."""
    if left is None or right is None:
        both_null = left is None and right is None
        return both_null if operator == "==" else not both_null
    if not isinstance(left, SCALARS) or not isinstance(right, SCALARS):
        return False
    return same(left, right) if operator == "==" else not same(left, right)


def ordered(left: Any, operator: str, right: Any) -> bool:
    """Only numbers with numbers and texts with texts."""
    numbers = is_number(left) and is_number(right)
    texts = isinstance(left, str) and isinstance(right, str)
    if not numbers and not texts:
        return False
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator]


def member(wanted: Any, array: list[Any]) -> bool:
    """Whether the array has the value; null counts as one, arrays and objects equal nothing."""
    for item in array:
        if item is None and wanted is None:
            return True
        if isinstance(item, SCALARS) and isinstance(wanted, SCALARS) and same(item, wanted):
            return True
    return False


def same(left: Any, right: Any) -> bool:
    """1 is 1.0, 1 is not '1', and true is not 1."""
    if is_number(left) and is_number(right):
        return bool(left == right)
    return type(left) is type(right) and bool(left == right)


def is_number(item: Any) -> bool:
    return isinstance(item, (int, float)) and not isinstance(item, bool)
