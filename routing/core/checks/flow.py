"""Which way tasks can take through a workflow: filters and targets that none reaches, ends that none expects."""

from collections.abc import Iterator

from routing.core.checks.facts import Finding, Patience, Surroundings
from routing.core.logic import always_holds, can_hold, can_hold_together, implies, says_the_same
from routing.core.workflow import Filter, Target, Workflow

DAY = 86_400
LONGEST_LIFE = 14 * DAY  # https://www.twilio.com/docs/taskrouter/api/task


def findings(workflow: Workflow, around: Surroundings, patience: Patience) -> Iterator[Finding]:
    """As `routing.core.checks.check`."""
    for index, rule in enumerate(workflow.filters):
        path = f"task_routing.filters[{index}]"
        reached = _reach(workflow, index, path, patience)
        yield from reached
        if any(finding.severity == "error" for finding in reached):
            continue
        yield from _targets(rule, path, around)
        yield from _end(workflow, index, path, patience)
    yield from _default(workflow, around)


# --- filters ---


def _reach(workflow: Workflow, index: int, path: str, patience: Patience) -> list[Finding]:
    """Whether tasks come to this filter at all."""
    rule = workflow.filters[index]
    place = f"{path}.expression"
    if not can_hold(rule.expression):
        return [Finding("never-true", place, "error")]
    before = []
    for number, earlier in enumerate(workflow.filters[:index]):
        patience.tick()
        if can_hold(earlier.expression) and implies(rule.expression, earlier.expression):
            before.append((number, earlier))
    keeping = [(number, earlier) for number, earlier in before if _keeps(earlier)]
    for number, earlier in keeping or before:
        code = "taken-before" if keeping else "after-timeout"
        return [
            Finding(
                f"same-{code}" if says_the_same(rule.expression, earlier.expression) else code,
                place,
                "error" if keeping else "note",
                {"filter": number + 1},
            )
        ]
    return []


def _stays(target: Target) -> bool:
    """Whether a task that comes here stays until somebody takes it or its life is over."""
    return target.timeout_seconds is None and not _may_skip(target)


def _may_skip(target: Target) -> bool:
    return target.skip_if is not None and can_hold(target.skip_if)


def _last(rule: Filter) -> tuple[int, Target]:
    """The last target that tasks reach, and its number."""
    for number, target in enumerate(rule.targets):
        if _stays(target):
            return number, target
    return len(rule.targets) - 1, rule.targets[-1]


def _keeps(rule: Filter) -> bool:
    """Whether no task ever leaves the filter for a later one."""
    return _stays(_last(rule)[1])


# --- targets ---


def _targets(rule: Filter, path: str, around: Surroundings) -> Iterator[Finding]:
    last, _target = _last(rule)
    if last + 1 < len(rule.targets):
        yield Finding("target-unreached", f"{path}.targets[{last + 1}]", "error", {"target": last + 1})
    age = 0
    for number, target in enumerate(rule.targets[: last + 1]):
        place = f"{path}.targets[{number}]"
        age += target.timeout_seconds or 0
        if target.timeout_seconds is not None:
            yield from _timeout(target.timeout_seconds, age, f"{place}.timeout", around)
        yield from _priority(target, place, around)
        if target.skip_if is not None and not can_hold(target.skip_if):
            yield Finding("never-skipped", f"{place}.skip_if", "warning")
        if target.known_worker is not None and _stays(target):
            yield Finding("known-worker-only", f"{place}.known_worker_{target.known_worker.field}", "warning")


def _timeout(seconds: int, age: int, place: str, around: Surroundings) -> Iterator[Finding]:
    if age >= LONGEST_LIFE:
        yield Finding("beyond-longest-life", place, "error", {"seconds": age, "limit": LONGEST_LIFE})
    elif age >= DAY:
        yield Finding("beyond-usual-life", place, "note", {"seconds": age, "limit": DAY})
    if seconds < around.reservation_timeout:
        yield Finding("shorter-than-offer", place, "note", {"seconds": around.reservation_timeout})


def _priority(target: Target, place: str, around: Surroundings) -> Iterator[Finding]:
    if target.priority is None:
        return
    if around.queues[target.queue].lifo:
        yield Finding("priority-ignored", f"{place}.priority", "note", {"queue": around.queues[target.queue].name})
    elif target.priority == 0:
        yield Finding("priority-zero", f"{place}.priority", "note")


# --- the end ---


def _end(workflow: Workflow, index: int, path: str, patience: Patience) -> Iterator[Finding]:
    """What becomes of tasks that run out of targets."""
    rule = workflow.filters[index]
    number, target = _last(rule)
    if _stays(target) or _taken_later(workflow, index, patience):
        return
    place = f"{path}.targets[{number}]"
    if target.timeout_seconds is not None:
        yield Finding("canceled-by-timeout", f"{place}.timeout", "warning", {"seconds": _age(rule)})
    if _may_skip(target) and workflow.default is None:
        yield Finding("canceled-by-skip", f"{place}.skip_if", "warning")


def _taken_later(workflow: Workflow, index: int, patience: Patience) -> bool:
    """Whether a later filter takes some of the tasks of this one: then its owner has thought of the end."""
    rule = workflow.filters[index].expression
    for later in workflow.filters[index + 1 :]:
        patience.tick()
        if can_hold_together(rule, later.expression):
            return True
    return False


def _age(rule: Filter) -> int:
    return sum(target.timeout_seconds or 0 for target in rule.targets)


def _default(workflow: Workflow, around: Surroundings) -> Iterator[Finding]:
    path = "task_routing.default_filter"
    catching = [number for number, rule in enumerate(workflow.filters) if always_holds(rule.expression)]
    if workflow.default is None:
        if not catching:
            yield Finding("no-default", path, "warning")
        return
    if catching and not any(_may_skip(_last(rule)[1]) for rule in workflow.filters):
        yield Finding("default-unreached", path, "note", {"filter": catching[0] + 1})
    yield from _priority(workflow.default, path, around)
    if workflow.default.skip_if is not None:
        yield Finding("default-skip", f"{path}.skip_if", "warning")
