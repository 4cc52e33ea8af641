"""Reads Twilio's workflow document, or names the place in it that cannot be."""

import json
import re
from collections.abc import Callable, Collection, Container, Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Final, NoReturn

from kernel import storable
from kernel.errors import Invalid
from routing.core import calendars as business_hours
from routing.core.expressions import Expression, ExpressionError, parse, parse_target
from routing.core.syntax import MAX_BYTES as MAX_EXPRESSION
from routing.core.syntax import read_path
from routing.core.workflow import Filter, KnownWorker, Order, Target, Workflow

MAX_BYTES: Final = 1_038_576  # https://www.twilio.com/docs/taskrouter/limits
MAX_INTEGER: Final = 2_147_483_647
LONG: Final = 16_384
"""Characters from which on a document is a long one."""

NAME_KEYS: Final = ("filter_friendly_name", "friendly_name")
"""A filter's name: Twilio's console writes the first, its helper libraries the second."""

_ROUTING_KEYS: Final = ("filters", "default_filter")
_FILTER_KEYS: Final = (*NAME_KEYS, "expression", "targets")
_RULE_KEYS: Final = ("queue", "expression", "priority", "order_by", "skip_if")
_TARGET_KEYS: Final = (*_RULE_KEYS, "timeout", "known_worker_sid", "known_worker_friendly_name")
_DEFAULT_KEYS: Final = (*NAME_KEYS, *_RULE_KEYS, "timeout")
_MISSPELLED: Final = 0.7
"""How like a known key (as difflib has it) an unknown one is that must be a slip of the pen."""


class ConfigurationError(Invalid):
    """The document cannot be; ``path`` names the place, ``line`` and ``column`` the one inside of it (0: none)."""

    default_code = "invalid-configuration"

    def __init__(self, message: str, *, path: str, line: int = 0, column: int = 0, **params: Any) -> None:
        super().__init__(message, field="configuration", params=params | {"line": line, "column": column})
        self.path = path
        self.line = line
        self.column = column

    def __str__(self) -> str:
        return f"{self.path}: {super().__str__()}" if self.path else super().__str__()


def parse_workflow(text: str, *, queues: Container[str], calendars: Collection[str] | None = None) -> Workflow:
    """The workflow of a JSON document.

    ``queues`` are the sids that targets may name, ``calendars`` the unique names that filters may; None asks neither
    whether a calendar is there nor whether it can tell what is asked. Keys that mean nothing to us are allowed and
    listed in ``Workflow.ignored``. Raises ConfigurationError, whose ``path`` reads like
    ``task_routing.filters[1].targets[0].expression``.
    """
    root = _load(text)
    routing = _mapping(root.get("task_routing"), "task_routing")
    ignored = tuple(_unknown_keys(root))
    path = "task_routing.filters"
    documents = [] if routing.get("filters") is None else _array(routing["filters"], path)
    filters = tuple(
        _filter(_mapping(value, f"{path}[{index}]"), f"{path}[{index}]") for index, value in enumerate(documents)
    )
    references = [reference for rule in filters for reference in rule.expression.references]
    workflow = Workflow(filters, _default(routing), ignored, business_hours.named(references))
    if not workflow.queues:
        raise ConfigurationError("A workflow needs a filter or a default filter.", path="task_routing")
    _check_queues(workflow, queues)
    if calendars is not None:
        _check_calendars(workflow, calendars)
    return workflow


def stored_workflow(text: str) -> Workflow:
    """The workflow of a document that was checked when it was saved."""
    return _short(text) if len(text) <= LONG else _long(text)


def _stored(text: str) -> Workflow:
    return parse_workflow(text, queues=_Everything())


# As with expressions: a workflow of a megabyte takes more than a hundred.
_short: Final = lru_cache(maxsize=512)(_stored)
_long: Final = lru_cache(maxsize=16)(_stored)


class _Everything:
    def __contains__(self, _key: object) -> bool:
        return True


def _load(text: str) -> Mapping[str, Any]:
    if len(text.encode(errors="surrogatepass")) > MAX_BYTES:
        raise ConfigurationError("The document is longer than %(limit)d bytes.", path="", limit=MAX_BYTES)
    try:
        root = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigurationError(
            "Line %(line)d, column %(column)d: this is not JSON (%(problem)s).",
            path="",
            line=error.lineno,
            column=error.colno,
            problem=error.msg,
        ) from None
    except (RecursionError, ValueError):
        raise ConfigurationError("This is not JSON that we can read.", path="") from None
    _check_texts(text, root)
    return _mapping(root, "")


def _check_texts(text: str, root: Any) -> None:
    """An offer keeps what the rule said, and nothing could be offered by one that no database takes."""
    try:
        storable.check_text(text)
        storable.check(root)
    except Invalid as error:
        raise ConfigurationError(error.message, path="", **error.params) from None


def _mapping(value: Any, path: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ConfigurationError("An object is expected here.", path=path)
    return value


def _array(value: Any, path: str) -> list[Any]:
    if not isinstance(value, list):
        raise ConfigurationError("A list is expected here.", path=path)
    return value


def _unknown_keys(root: Mapping[str, Any]) -> Iterator[str]:
    """The places of keys that decide nothing. A misspelled key is refused: its rule would silently never hold."""
    yield from _unknown(root, ("task_routing",), "")
    routing = root["task_routing"]
    yield from _unknown(routing, _ROUTING_KEYS, "task_routing")
    yield from _unknown(routing.get("default_filter"), _DEFAULT_KEYS, "task_routing.default_filter")
    for index, rule in enumerate(_listed(routing.get("filters"))):
        path = f"task_routing.filters[{index}]"
        yield from _unknown(rule, _FILTER_KEYS, path)
        for place, target in enumerate(_listed(rule.get("targets") if isinstance(rule, dict) else None)):
            yield from _unknown(target, _TARGET_KEYS, f"{path}.targets[{place}]")


def _unknown(value: Any, known: tuple[str, ...], path: str) -> Iterator[str]:
    for key in value if isinstance(value, dict) else ():
        if key in known:
            continue
        if get_close_matches(key, known, n=1, cutoff=_MISSPELLED):
            raise ConfigurationError(
                "The key %(key)s is unknown here. Known are: %(known)s.", path=path, key=key, known=", ".join(known)
            )
        yield f"{path}.{key}" if path else key


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _filter(value: Mapping[str, Any], path: str) -> Filter:
    name = str(next((value[key] for key in NAME_KEYS if value.get(key)), ""))
    expression = _expression(value, "expression", path, parse)
    if expression is None:
        raise ConfigurationError("A filter needs an expression.", path=f"{path}.expression")
    documents = _array(value.get("targets"), f"{path}.targets")
    if not documents:
        raise ConfigurationError("A filter needs a target.", path=f"{path}.targets")
    targets: list[Target] = []
    for index, document in enumerate(documents):
        place = f"{path}.targets[{index}]"
        inherited = targets[-1].queue if targets else ""
        targets.append(_target(_mapping(document, place), place, inherited_queue=inherited))
    return Filter(name, expression, tuple(targets))


def _default(routing: Mapping[str, Any]) -> Target | None:
    path = "task_routing.default_filter"
    value = routing.get("default_filter")
    if value is None:
        return None
    document = _mapping(value, path)
    if document.get("timeout") not in (None, ""):
        raise ConfigurationError("The default filter takes no timeout.", path=f"{path}.timeout")
    return _target({key: document[key] for key in _RULE_KEYS if key in document}, path)


def _target(value: Mapping[str, Any], path: str, *, inherited_queue: str = "") -> Target:
    queue = value.get("queue") or inherited_queue
    if not isinstance(queue, str) or not queue:
        raise ConfigurationError("The first target needs a queue.", path=f"{path}.queue")
    return Target(
        queue=queue,
        expression=_expression(value, "expression", path, parse_target),
        priority=_number(value, "priority", path, minimum=0),
        timeout_seconds=_number(value, "timeout", path, minimum=1),
        known_worker=_known_worker(value, path),
        order_by=_order_by(value, path),
        skip_if=_expression(value, "skip_if", path, _parse_skip),
    )


def _expression(value: Mapping[str, Any], key: str, path: str, read: Callable[[str], Expression]) -> Expression | None:
    text = value.get(key)
    if text is None or text == "":
        return None
    if not isinstance(text, str):
        raise ConfigurationError("A text is expected here.", path=f"{path}.{key}")
    try:
        return read(text)
    except ExpressionError as error:
        _refuse(error, f"{path}.{key}")


def _refuse(error: ExpressionError, path: str) -> NoReturn:
    params = {key: value for key, value in error.params.items() if key not in ("line", "column")}
    raise ConfigurationError(error.message, path=path, line=error.line, column=error.column, **params) from None


def _number(value: Mapping[str, Any], key: str, path: str, *, minimum: int) -> int | None:
    """Whole numbers; Twilio's own examples write them as texts as well."""
    given = value.get(key)
    if given is None or given == "":
        return None
    if isinstance(given, str) and re.fullmatch(r"[0-9]{1,10}", given.strip()):
        given = int(given)
    if isinstance(given, bool) or not isinstance(given, int) or not minimum <= given <= MAX_INTEGER:
        raise ConfigurationError(
            "A whole number from %(minimum)d to %(maximum)d is expected here.",
            path=f"{path}.{key}",
            minimum=minimum,
            maximum=MAX_INTEGER,
        )
    return given


def _known_worker(value: Mapping[str, Any], path: str) -> KnownWorker | None:
    keys = [key for key in ("known_worker_sid", "known_worker_friendly_name") if value.get(key)]
    if not keys:
        return None
    place = f"{path}.{keys[0]}"
    if len(keys) == 2:
        raise ConfigurationError("Name the known worker by sid or by name, not by both.", path=place)
    named = _path(value[keys[0]], place)
    if named[0] != "task" or len(named) < 2:
        raise ConfigurationError("A task attribute is expected here, such as task.account_owner.", path=place)
    return KnownWorker("sid" if keys[0] == "known_worker_sid" else "friendly_name", named[1:])


def _path(text: Any, path: str) -> tuple[str | int, ...]:
    if not isinstance(text, str):
        raise ConfigurationError("A text is expected here.", path=path)
    try:
        return read_path(text)
    except ExpressionError as error:
        _refuse(error, path)


def _order_by(value: Mapping[str, Any], path: str) -> tuple[Order, ...]:
    text = value.get("order_by")
    if text is None or text == "":
        return ()
    place = f"{path}.order_by"
    if not isinstance(text, str):
        raise ConfigurationError("A text is expected here.", path=place)
    if len(text) > MAX_EXPRESSION:
        raise ConfigurationError("The expression is longer than %(limit)d bytes.", path=place, limit=MAX_EXPRESSION)
    return tuple(_clause(clause.split(), place) for clause in text.split(","))


def _clause(words: list[str], path: str) -> Order:
    direction = words[1].upper() if len(words) == 2 else "ASC"
    if len(words) not in (1, 2) or direction not in ("ASC", "DESC"):
        raise ConfigurationError("Write order_by as worker.level DESC, worker.age ASC.", path=path)
    named = _path(words[0], path)
    if named[0] != "worker" or len(named) < 2:
        raise ConfigurationError("Names in order_by start with worker.", path=path)
    return Order(named[1:], direction == "DESC")


def _parse_skip(text: str) -> Expression:
    expression = parse(text)
    for reference in expression.references:
        if reference.path[0] != "workers" or len(reference.path) != 2:
            raise ExpressionError(
                "Line %(line)d, column %(column)d: skip_if takes workers.available, workers.unavailable, workers.WA….",
                line=reference.line,
                column=reference.column,
                expected="workers.",
            )
    return expression


def _check_queues(workflow: Workflow, queues: Container[str]) -> None:
    places = [
        (f"task_routing.filters[{index}].targets[{place}].queue", target)
        for index, rule in enumerate(workflow.filters)
        for place, target in enumerate(rule.targets)
    ]
    if workflow.default:
        places.append(("task_routing.default_filter.queue", workflow.default))
    for path, target in places:
        if target.queue not in queues:
            raise ConfigurationError("There is no queue %(queue)s in this workspace.", path=path, queue=target.queue)


def _check_calendars(workflow: Workflow, calendars: Collection[str]) -> None:
    for index, rule in enumerate(workflow.filters):
        try:
            business_hours.check(rule.expression.references, calendars)
        except ExpressionError as error:
            _refuse(error, f"task_routing.filters[{index}].expression")
