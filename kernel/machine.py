"""State machines as data: which verb leads from which states to which."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Move:
    """One verb's legal sources and its target."""

    sources: tuple[str, ...]
    to: str


def on(*sources: str, to: str) -> Move:
    """Read aloud: *on* pending, *to* accepted."""
    return Move(sources, to)


@dataclass(frozen=True, slots=True)
class Machine:
    """The states of one kind of thing and every legal verb.

    >>> door = Machine("door", initial="shut", moves={"open": on("shut", to="ajar")})
    >>> door.target("open"), door.sources("open"), sorted(door.states)
    ('ajar', ('shut',), ['ajar', 'shut'])
    """

    name: str
    initial: str
    moves: Mapping[str, Move]

    def sources(self, verb: str) -> tuple[str, ...]:
        """The states from which ``verb`` is legal."""
        return self.moves[verb].sources

    def target(self, verb: str) -> str:
        """The state in which ``verb`` ends."""
        return self.moves[verb].to

    @property
    def states(self) -> frozenset[str]:
        """Every state that the machine names."""
        named = {self.initial}
        for move in self.moves.values():
            named.update(move.sources, (move.to,))
        return frozenset(named)

    def mermaid(self) -> str:
        """The chart for ``docs/states.md``."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.initial}"]
        for verb, move in self.moves.items():
            lines += [f"    {source} --> {move.to}: {verb}" for source in move.sources]
        return "\n".join(lines)
