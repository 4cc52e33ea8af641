"""What no database takes is refused with its place."""

import pytest

from kernel import storable
from kernel.errors import Invalid


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({"a": "\0"}, "a"),
        ({"a": ["b", "\ud800"]}, "a.1"),
        ({"a": {"\0": 1}}, "a"),
        ({"a": float("nan")}, "a"),
        ({"a": float("inf")}, "a"),
    ],
)
def test_what_cannot_be_kept_is_refused_at_its_place(value, field):
    with pytest.raises(Invalid) as refused:
        storable.check(value)

    assert refused.value.field == field


def test_absurd_depth_is_refused():
    value = 1
    for _ in range(storable.DEPTH):
        value = [value]
    storable.check(value)

    with pytest.raises(Invalid):
        storable.check([value])
