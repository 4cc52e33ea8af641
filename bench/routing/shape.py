"""How large a contact centre is, and who in it may serve what."""

import random
from dataclasses import dataclass
from typing import Any

STEP_SECONDS = 7200
LEVELS = 5
LANGUAGES = 4


@dataclass(frozen=True, slots=True)
class Shape:
    """So many waiting tasks, agents (each of whom takes ``capacity`` at once) and queues."""

    tasks: int
    workers: int
    queues: int
    capacity: int

    @property
    def label(self) -> str:
        """
        >>> Shape(100_000, 100, 10, 50).label
        '100k/100/10'
        """
        return f"{short(self.tasks)}/{short(self.workers)}/{self.queues}"

    @property
    def slots(self) -> int:
        return self.workers * self.capacity

    # --- who serves what: skill and language and level, so that an agent is in four to eight queues ---

    @property
    def _small(self) -> bool:
        return self.queues <= 10

    @property
    def _skills(self) -> int:
        return 10 if self._small else 40

    def topic(self, queue: int) -> str:
        return f"topic-{queue:03}"

    def expression(self, queue: int) -> str:
        """What a queue asks of its agents.

        >>> Shape(1, 1, 10, 1).expression(3)
        "skills HAS 'skill-3' AND languages HAS 'language-3' AND level >= 1"
        """
        skill, language = queue % self._skills, (queue + queue // self._skills) % LANGUAGES
        return f"skills HAS 'skill-{skill}' AND languages HAS 'language-{language}' AND level >= {1 + queue % 3}"

    def attributes(self, worker: int) -> dict[str, Any]:
        """What an agent can do; the same at every run."""
        dice = random.Random(worker)
        return {
            "skills": [f"skill-{n}" for n in sorted(dice.sample(range(self._skills), 8 if self._small else 4))],
            "languages": [f"language-{n}" for n in sorted(dice.sample(range(LANGUAGES), 3 if self._small else 2))],
            "level": 1 + worker % LEVELS,
            "team": f"team {worker % 20}",
        }

    def document(self, queue_sids: list[str]) -> dict[str, Any]:
        """A filter for each topic; after two hours without an answer the task rises."""
        filters = [
            {
                "filter_friendly_name": self.topic(number),
                "expression": f"topic == '{self.topic(number)}'",
                "targets": [{"queue": sid, "timeout": STEP_SECONDS}, {"queue": sid, "priority": 90}],
            }
            for number, sid in enumerate(queue_sids)
        ]
        return {"task_routing": {"filters": filters, "default_filter": {"queue": queue_sids[0]}}}

    def task_attributes(self, queue: int) -> dict[str, Any]:
        return {
            "topic": self.topic(queue),
            "from": "+15550100001",
            "customer": {"name": "A customer of long standing", "tier": "gold"},
            "summary": "Wants to know where the parcel is that was sent on Monday.",
        }

    def priority(self, queue: int) -> int:
        return queue * 7 % 10


def short(number: int) -> str:
    """
    >>> short(1_000_000), short(10_000), short(200)
    ('1M', '10k', '200')
    """
    if number >= 1_000_000 and number % 1_000_000 == 0:
        return f"{number // 1_000_000}M"
    return f"{number // 1000}k" if number >= 1000 and number % 1000 == 0 else str(number)
