"""One run: its server, its scratch databases, its floors."""

import time
from typing import Any

import psycopg

from bench import floors
from bench.report import spread
from bench.routing.feed import Feed
from bench.routing.seed import Seed, fill
from bench.routing.shape import Shape
from bench.scratch import Server
from bench.site import Site
from contactcenter.environment import redis_prefix
from eventlog.bus import RedisBus

FLOOR_SECONDS = 0.4
MOST_SPREAD = 2.0


class Stage:
    """A contact centre of one shape: its database, a feeder, and hands as they are needed."""

    def __init__(self, site: Site, seed: Seed) -> None:
        self.site = site
        self.seed = seed
        self.shape = seed.shape
        self.connection: psycopg.Connection[Any] = site.connect()
        bell = RedisBus(site.env["REDIS_URL"], prefix=redis_prefix(site.env["SECRET_KEY"]))
        self.feed = Feed(self.connection, seed, bell=bell)

    def close(self) -> None:
        self.connection.close()
        self.site.close()


class Run:
    """What the figures share. ``quick`` makes everything smaller, so that the order of magnitude is seen."""

    def __init__(self, url: str, *, quick: bool) -> None:
        self.quick = quick
        self.server = Server(url) if url else None
        self.floors: list[float] = []
        self._blank = ""
        self._stages: dict[Shape, Stage] = {}
        self._sites: list[Site] = []

    # --- floors ---

    def floor(self) -> float:
        """Commits a second of one connection, now. The spread of all of them says what the run is worth."""
        if not self._blank:
            self.prepare()
        found = floors.commits_per_second(self._floor_url, seconds=FLOOR_SECONDS)
        self.floors.append(found)
        return found

    @property
    def void(self) -> bool:
        """The machine was not the same machine from beginning to end."""
        return spread(self.floors) > MOST_SPREAD

    # --- sites ---

    def prepare(self) -> None:
        """An empty, migrated database: all others are copies."""
        site = self._site("blank")
        site.migrate()
        self._blank = site.url
        self._floor_url = self._need_server().create("floor")

    def stage(self, shape: Shape) -> Stage:
        """The contact centre of that shape, made at the first asking. Nobody has anything in hand."""
        if shape not in self._stages:
            self._stages[shape] = self.fresh(shape)
        else:
            # What the figure before left would expire under this one, and send the agents away.
            self._stages[shape].feed.finish(events=False, overdue=True)
        return self._stages[shape]

    def fresh(self, shape: Shape) -> Stage:
        """Another one of that shape, whose user closes it."""
        if not self._blank:
            self.prepare()
        began = time.perf_counter()
        site = self._site(shape.label.replace("/", "_"), template=self._blank)
        hand = site.hand()
        samples = hand.call("routing.samples:make", workers=shape.workers, queues=shape.queues, capacity=shape.capacity)
        hand.stop()
        seed = Seed(shape, samples)
        with site.connect() as connection:
            fill(connection, seed)
        self._need_server().checkpoint()
        say(f"{shape.label}: seeded in {time.perf_counter() - began:.1f} s")
        return Stage(site, seed)

    def forget(self, shape: Shape) -> None:
        """It has served its purpose; its memory and disk may go to others."""
        stage = self._stages.pop(shape, None)
        if stage is not None:
            stage.close()

    def close(self) -> None:
        for stage in self._stages.values():
            stage.connection.close()
        for site in self._sites:
            site.close()
        if self.server is not None:
            self.server.drop_all()

    def _site(self, label: str, *, template: str = "") -> Site:
        site = Site(self._need_server(), label, template=template)
        self._sites.append(site)
        return site

    def _need_server(self) -> Server:
        if self.server is None:
            raise RuntimeError("no DATABASE_URL")
        return self.server


def say(text: str) -> None:
    """Progress, where it does not disturb the tables."""
    import sys

    sys.stderr.write(f"  {text}\n")
    sys.stderr.flush()
