"""What two workflow documents, two texts or two states of a thing differ in, told so that a person sees it at once."""

import json
import re
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import groupby
from typing import Any, Final, Literal

from routing.preview import editor

Kind = Literal["same", "changed", "added", "removed"]

_MOST_WORDS: Final = 4000
"""Longer texts are shown as changed from end to end: comparing them word by word takes too long."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text, and whether the other text has it not."""

    text: str
    changed: bool


@dataclass(frozen=True, slots=True)
class Change:
    """One field, before and after; both empty texts where there was nothing."""

    field: str
    before: str
    after: str

    @property
    def pieces_before(self) -> list[Piece]:
        return pieces(self.before, self.after)[0]

    @property
    def pieces_after(self) -> list[Piece]:
        return pieces(self.before, self.after)[1]


@dataclass(frozen=True, slots=True)
class Step:
    """A target, or the default filter. Numbers count from 1; None: not there. ``changes`` of one that is new or gone
    are all that it says or said."""

    kind: Kind
    before: int | None
    after: int | None
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A filter with its targets; ``moved`` to another place among those that stayed in their order."""

    kind: Kind
    before: int | None
    after: int | None
    name: str
    moved: bool
    changes: tuple[Change, ...]
    targets: tuple[Step, ...]

    @property
    def same(self) -> bool:
        """Whether nothing happened to it."""
        return self.kind == "same" and not self.moved


@dataclass(frozen=True, slots=True)
class Difference:
    """Between two documents. ``filters`` stand in their new order, each that is gone behind its former neighbour."""

    filters: tuple[Rule, ...]
    default: Step
    rewritten: bool

    @property
    def same(self) -> bool:
        """Whether both decide the same; ``rewritten`` tells that the texts differ nevertheless."""
        return self.default.kind == "same" and all(rule.same for rule in self.filters)

    @property
    def runs(self) -> list[tuple[bool, list[Rule]]]:
        """The filters, with those that nothing happened to taken together where they stand together."""
        return [(same, list(rules)) for same, rules in groupby(self.filters, key=lambda rule: rule.same)]


def between(before: str, after: str) -> Difference:
    """What changes from one document to the other; numbers written as texts are no change."""
    old, new = editor.rows_of(before), editor.rows_of(after)
    pairs = _paired(old["filters"], new["filters"])
    moved = _moved(pairs)
    rules = {(i, j): _rule(old["filters"], new["filters"], (i, j), moved=j in moved) for i, j in pairs}
    return Difference(
        filters=tuple(rules[pair] for pair in _in_order(pairs)),
        default=_step(_said(old["default"]), _said(new["default"]), (1, 1)),
        rewritten=_plain(before) != _plain(after),
    )


def _plain(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


# --- filters ---

Pair = tuple[int | None, int | None]


def _paired(old: list[editor.Row], new: list[editor.Row]) -> list[Pair]:
    """Which filter of one document is which of the other: by all that it says, by its name, by its expression."""
    free_old, free_new = list(range(len(old))), list(range(len(new)))
    pairs: list[Pair] = []
    for key in (_whole, _name, _expression):
        places: dict[str, deque[int]] = {}
        for i in free_old:
            places.setdefault(key(old[i]), deque()).append(i)
        places.pop("", None)
        found = [(waiting.popleft(), j) for j in free_new if (waiting := places.get(key(new[j])))]
        pairs += found
        free_old = sorted(set(free_old) - {i for i, _ in found})
        free_new = sorted(set(free_new) - {j for _, j in found})
    return [*pairs, *((i, None) for i in free_old), *((None, j) for j in free_new)]


def _whole(row: editor.Row) -> str:
    return json.dumps([row["name"], row["expression"], [_said(target) for target in row["targets"]]])


def _name(row: editor.Row) -> str:
    return str(row["name"])


def _expression(row: editor.Row) -> str:
    return str(row["expression"])


def _moved(pairs: Iterable[Pair]) -> set[int | None]:
    """The new places of those filters that are not where the others would have them: the fewest that need be."""
    standing = sorted((j, i) for i, j in pairs if i is not None and j is not None)
    order = [i for _, i in standing]
    kept = _longest_rising(order)
    return {j for j, i in standing if i not in kept}


def _longest_rising(numbers: Sequence[int]) -> set[int]:
    """The longest part of the row that rises, by patience sorting.

    >>> sorted(_longest_rising([3, 0, 1, 2]))
    [0, 1, 2]
    """
    tops: list[int] = []
    chain: dict[int, int | None] = {}
    for number in numbers:
        place = bisect_left(tops, number)
        chain[number] = tops[place - 1] if place else None
        tops[place : place + 1] = [number]
    found: set[int] = set()
    last = tops[-1] if tops else None
    while last is not None:
        found.add(last)
        last = chain[last]
    return found


def _in_order(pairs: Iterable[Pair]) -> list[Pair]:
    """By the new place; what is gone stands behind what it stood behind."""
    pairs = list(pairs)
    places = {i: j for i, j in pairs if i is not None and j is not None}

    kept = sorted(places)

    def place(pair: Pair) -> tuple[float, int]:
        i, j = pair
        if j is not None:
            return j, -1
        former = bisect_left(kept, i or 0)
        return (places[kept[former - 1]] if former else -0.5), i or 0

    return sorted(pairs, key=place)


def _rule(old: list[editor.Row], new: list[editor.Row], pair: Pair, *, moved: bool) -> Rule:
    before = {} if pair[0] is None else old[pair[0]]
    after = {} if pair[1] is None else new[pair[1]]
    changes = tuple(_changes(_said(before, ("name", "expression")), _said(after, ("name", "expression"))))
    targets = tuple(_targets(before.get("targets", []), after.get("targets", [])))
    touched = changes or any(step.kind != "same" for step in targets)
    kind: Kind = "removed" if not after else "added" if not before else "changed" if touched else "same"
    shown = after or before
    return Rule(kind, _number(pair[0]), _number(pair[1]), shown["name"] or shown["expression"], moved, changes, targets)


def _number(index: int | None) -> int | None:
    return None if index is None else index + 1


# --- targets ---


def _targets(before: list[editor.Row], after: list[editor.Row]) -> Iterator[Step]:
    old, new = [_said(row) for row in before], [_said(row) for row in after]
    matcher = SequenceMatcher(None, [json.dumps(row) for row in old], [json.dumps(row) for row in new])
    for _tag, i, i_end, j, j_end in matcher.get_opcodes():
        for offset in range(max(i_end - i, j_end - j)):
            one = i + offset if i + offset < i_end else None
            other = j + offset if j + offset < j_end else None
            yield _step(
                None if one is None else old[one],
                None if other is None else new[other],
                (_number(one), _number(other)),
            )


def _step(before: editor.Row | None, after: editor.Row | None, numbers: tuple[int | None, int | None]) -> Step:
    changes = tuple(_changes(before or {}, after or {}))
    kind: Kind = "removed" if not after and before else "added" if not before and after else "changed"
    if before == after:
        kind = "same"
    if numbers[0] is None or numbers[1] is None:
        kind = "added" if numbers[0] is None else "removed"
    return Step(kind, *numbers, changes)


def _said(row: editor.Row, fields: Iterable[str] = (*editor.TARGET_KEYS, "name")) -> editor.Row:
    """What a row says, without what it says not; numbers as they are meant."""
    return {field: _meant(row[field]) for field in fields if row.get(field)}


def _meant(text: str) -> str:
    return text.lstrip("0") or "0" if text.isascii() and text.isdigit() else text


# --- things and texts ---


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for field in dict.fromkeys((*before, *after)):
        if before.get(field, "") != after.get(field, ""):
            yield Change(field, before.get(field, ""), after.get(field, ""))


def of_states(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """What changed from one JSON object to the next, field by field; inner fields by their path, such as
    ``attributes.skills``. A list is one field; of what ``after`` does not speak nothing is known to have changed.

    >>> of_states({"a": 1, "b": {"c": [1]}, "d": 5}, {"a": 1, "b": {"c": [1, 2]}})
    [Change(field='b.c', before='[1]', after='[1, 2]')]
    """
    old, new = dict(_flat(before)), dict(_flat(after))
    spoken = tuple(after)
    kept = {field: text for field, text in old.items() if field.split(".", 1)[0] in spoken}
    return list(_changes(kept, new))


def _flat(value: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for key, inner in value.items():
        place = f"{path}.{key}" if path else str(key)
        if isinstance(inner, Mapping) and inner:
            yield from _flat(inner, place)
        else:
            yield place, _written(inner)


def _written(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@lru_cache(maxsize=8)
def pieces(before: str, after: str) -> tuple[list[Piece], list[Piece]]:
    """Both texts in parts, word by word. They are asked for one after the other, and compared once.

    >>> pieces("level > 3", "level > 5")[1]
    [Piece(text='level > ', changed=False), Piece(text='5', changed=True)]
    """
    old, new = re.findall(r"\w+|\s+|.", before, re.S), re.findall(r"\w+|\s+|.", after, re.S)
    if not old or not new or len(old) + len(new) > _MOST_WORDS:
        return [Piece(before, True)], [Piece(after, True)]
    ones, others = [], []
    for tag, i, i_end, j, j_end in SequenceMatcher(None, old, new).get_opcodes():
        ones.append(Piece("".join(old[i:i_end]), tag != "equal"))
        others.append(Piece("".join(new[j:j_end]), tag != "equal"))
    return [piece for piece in ones if piece.text], [piece for piece in others if piece.text]
