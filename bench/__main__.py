"""``./run bench``: every figure beside its floor.

``./run bench routing``, ``taskrouter``, ``messages``, ``storm``, ``outbound`` or single figures by name; ``--quick``
for a look, ``--json FILE`` to keep them.
"""

import argparse
import json
import os
import platform
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import messages, storm
from bench.outbound import outbound
from bench.report import Section, measured, verdicts
from bench.routing.suite import FIGURES, WITHOUT_SERVERS
from bench.run import Run, say
from bench.scratch import require_loopback
from bench.taskrouter import taskrouter

MESSAGES, STORM, TASKROUTER, OUTBOUND = "messages", "storm", "taskrouter", "outbound"
# The whole product, in either shape.
WHOLE = {MESSAGES: messages.section, STORM: storm.section}


def main() -> int:
    options = _options()
    wanted = _wanted(options.figures)
    url = os.environ.get("DATABASE_URL", "")
    if url:
        require_loopback(url, allow_remote=options.allow_remote)
    began = time.monotonic()
    parts = [f"{_machine()}; {'PostgreSQL' if url else 'embedded'}; {datetime.now(UTC):%Y-%m-%d %H:%M} UTC\n"]
    print(parts[0], flush=True)
    run = Run(url, quick=options.quick)
    sections: dict[str, Section] = {}
    try:
        for name in wanted:
            sections[name] = _measure(name, run)
            parts.append(sections[name].markdown())
            print(parts[-1], flush=True)
    finally:
        run.close()
    parts.append(_conclusion(run, sections, seconds=time.monotonic() - began))
    print(parts[-1])
    if options.json:
        _keep(options.json, run, sections)
    if options.document:
        _write_down(options.document, "\n".join(parts))
    return 1 if any(section.data.get("failed") for section in sections.values()) else 0


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    options.add_argument(
        "figures",
        nargs="*",
        help=f"routing, {TASKROUTER}, {', '.join(WHOLE)}, {OUTBOUND}, or: {', '.join(FIGURES)}; nothing: all",
    )
    options.add_argument("--quick", action="store_true", help="smaller, a few minutes")
    options.add_argument("--json", type=Path, help="append the figures to this file")
    options.add_argument("--document", type=Path, help="write the tables between the figures marks of this file")
    options.add_argument("--allow-remote", action="store_true", help="also load a database of another machine")
    return options.parse_args()


def _wanted(named: list[str]) -> list[str]:
    """The figures in the order of the suite."""
    known = [*FIGURES, TASKROUTER, *WHOLE, OUTBOUND]
    asked = set(named) or {"routing", TASKROUTER, *WHOLE, OUTBOUND}
    if unknown := asked - {*known, "routing"}:
        sys.exit(f"There is no figure {', '.join(sorted(unknown))}. There are: routing, {', '.join(known)}.")
    return [name for name in known if name in asked or (name in FIGURES and "routing" in asked)]


def _measure(name: str, run: Run) -> Section:
    """One broken figure must not cost the others."""
    if run.server is None and name not in (*WITHOUT_SERVERS, *WHOLE):
        return Section(name, notes=["skipped: needs PostgreSQL; set DATABASE_URL and REDIS_URL"])
    say(f"{name} ...")
    began = time.monotonic()
    try:
        others = {**FIGURES, TASKROUTER: taskrouter, OUTBOUND: outbound}
        section = WHOLE[name](quick=run.quick) if name in WHOLE else others[name](run)
    except Exception as error:
        import traceback

        section = Section(name, notes=[f"**failed**: {error!r}"[:500]], data={"failed": traceback.format_exc()})
        say(section.data["failed"])
    say(f"{name}: {time.monotonic() - began:.0f} s")
    return section


def _conclusion(run: Run, sections: dict[str, Section], *, seconds: float) -> str:
    said = []
    checks = [check for section in sections.values() for check in section.checks]
    if checks:
        said.append("### What was promised\n\n" + verdicts(checks) + "\n")
    if run.floors:
        said.append(f"Floor of this run: {measured(run.floors)} commits/s in {len(run.floors)} samples.")
    if run.void:
        said.append("**The floor itself moved more than twofold: this run is void. Repeat it on a quiet machine.**")
    return "\n".join([*said, f"{seconds:.0f} s in all."])


def _write_down(file: Path, text: str) -> None:
    """Replace what stands between the marks; a file without them is left as it is."""
    begin, end = "<!-- figures -->", "<!-- end of figures -->"
    before, found, rest = file.read_text().partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        sys.exit(f"{file} has no {begin} … {end}.")
    file.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}")


def _keep(file: Path, run: Run, sections: dict[str, Section]) -> None:
    kept: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": _machine(),
        "quick": run.quick,
        "floors": run.floors,
        "void": run.void,
        "figures": {
            name: {
                **section.data,
                "checks": [{"what": c.what, "value": c.value, "limit": c.limit, "met": c.met} for c in section.checks],
            }
            for name, section in sections.items()
        },
    }
    with file.open("a") as lines:
        lines.write(json.dumps(kept) + "\n")


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
