"""A model of FreeSWITCH's mod_callcenter: every 100 ms one thread reads all waiting members in order of their score,
and for each of them the agents of his queue, from SQLite. What its source does, and nothing that it does besides."""

import sqlite3
import time
from dataclasses import dataclass, field

TICK_SECONDS = 0.1

_TABLES = """
CREATE TABLE members (id integer PRIMARY KEY, queue text, state text, joined real, base_score int, skill_score int);
CREATE TABLE agents (name text PRIMARY KEY, status text, state text, last_offered real);
CREATE TABLE tiers (queue text, agent text, level int, position int);
CREATE INDEX members_queue ON members (queue);
CREATE INDEX tiers_queue ON tiers (queue);
"""
_MEMBERS = (
    "SELECT id, queue, (? - joined) + base_score + skill_score AS score FROM members"
    " WHERE state = 'Waiting' ORDER BY score DESC"
)
_AGENTS = (
    "SELECT a.name FROM agents a JOIN tiers t ON t.agent = a.name WHERE t.queue = ? AND a.status = 'Available'"
    " AND a.state = 'Waiting' ORDER BY t.level, t.position, a.last_offered LIMIT 1"
)


@dataclass
class Model:
    """``waiting`` members stand in a queue that nobody serves; arrivals go to another, whose agents are all free."""

    waiting: int
    file: sqlite3.Connection = field(default_factory=lambda: sqlite3.connect(":memory:", isolation_level=None))

    def __post_init__(self) -> None:
        now = time.time()
        self.file.executescript(_TABLES)
        rows = ((f"q{n % 10}", now - n / 1000) for n in range(self.waiting))
        self.file.executemany("INSERT INTO members VALUES (NULL, ?, 'Waiting', ?, 0, 0)", rows)
        self.file.executemany(
            "INSERT INTO agents VALUES (?, 'Available', 'Waiting', 0)", ((f"a{n}",) for n in range(100))
        )
        self.file.executemany("INSERT INTO tiers VALUES ('served', ?, 1, 1)", ((f"a{n}",) for n in range(100)))

    def run(self, *, seconds: float, rate: float) -> tuple[list[float], float]:
        """Milliseconds from joining to the offer, and the longest tick in ms, with so many arrivals a second."""
        began, joined, took, longest = time.time(), 0, [], 0.0
        while time.time() - began < seconds:
            tick = time.time()
            for number in range(joined, int((tick - began) * rate)):
                at = began + number / rate
                self.file.execute("INSERT INTO members VALUES (NULL, 'served', 'Waiting', ?, 0, 0)", [at])
                joined += 1
            took += self._tick()
            longest = max(longest, (time.time() - tick) * 1000)
            time.sleep(TICK_SECONDS)
        return took, longest

    def _tick(self) -> list[float]:
        offered = []
        for member, queue, _ in self.file.execute(_MEMBERS, [time.time()]).fetchall():
            agent = self.file.execute(_AGENTS, [queue]).fetchone()
            if agent is None:
                continue
            row = self.file.execute("SELECT joined FROM members WHERE id = ?", [member]).fetchone()
            offered.append((time.time() - row[0]) * 1000)
            self.file.execute("UPDATE agents SET last_offered = ? WHERE name = ?", [time.time(), agent[0]])
            self.file.execute("DELETE FROM members WHERE id = ?", [member])  # He talks, and the agent is free again.
        return offered
