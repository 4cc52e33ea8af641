"""Expressions, and data to try them on, for hypothesis.

Both are drawn from small stocks that meet one another: what matters is the kinds of values and how they are combined,
and drawing is quick on a slow machine.
"""

from typing import Any

from hypothesis import strategies as st

NAMES = ("a", "b", "$c", "missing", "a.b", "b.a", "a.b.$c", "a[0]", "b[1].a", "b.a[0]")
CONSTANTS = ("0", "1", "1.0", "-2", "1.5", "'x'", "'xy'", "''", "'1'", "true", "false", "null")
LISTS = ("['x']", "['x', 'xy']", "[1, true, null]", "[[1], 'x']", "[a, 1]", "[b.a, 'x']")
OPERATORS = ("==", "=", "!=", "<", "<=", ">", ">=", "CONTAINS", "HAS", "IN", "NOT IN")

SCALARS = (None, True, False, 0, 1, 1.0, -2, 1.5, 2**70, float("inf"), "", "x", "xy", "1", "\ud800")

operands = st.sampled_from(NAMES * 2 + CONSTANTS + LISTS)
comparisons = st.tuples(operands, st.sampled_from(OPERATORS), operands).map(" ".join)


def _wider(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    joined = st.tuples(inner, st.sampled_from(("AND", "or")), inner).map(" ".join)
    return st.one_of(joined, inner.map("({})".format), inner.map("NOT ({})".format))


expressions = st.recursive(comparisons, _wider, max_leaves=6)

_scalars = st.sampled_from(SCALARS)
_inner = st.one_of(
    _scalars,
    st.lists(_scalars, max_size=3),
    st.fixed_dictionaries({}, optional={"a": _scalars, "b": _scalars, "$c": _scalars}),
)
_values = st.one_of(
    _inner,
    st.lists(_inner, max_size=2),
    st.fixed_dictionaries({}, optional={"a": _inner, "b": _inner}),
)
data: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {}, optional={"a": _values, "b": _values, "$c": _values}
)
