"""One line per fact: structured, without telephone numbers, without a way to forge a line."""

import logging
import re
from collections.abc import Mapping
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

# Seven digits or more that are no part of a longer word (a sid's digits stand among its letters), and numbers as people
# write them; dates and addresses are none.
_NUMBER = re.compile(
    r"(?<![0-9A-Za-z])(?:\+?\d{7,}|\+\d(?:[ ().-]{0,2}\d){6,}|\(?\d{3}\)?[ .-]{1,2}\d{3}[ .-]\d{4})(?![0-9A-Za-z])"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# Ours, never a person's; masking them would make the log useless.
_PLAIN_KEYS = frozenset({"timestamp", "level", "logger", "request_id", "at"})


def formatter(*, json: bool) -> logging.Formatter:
    """The formatter of every handler: JSON for machines, short lines for people.

    Called while Django sets logging up, so structlog's own loggers are set up here as well.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            redact,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str) if json else line,
        ],
    )


def redact(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Mask telephone numbers in every value, down to the last four digits."""
    return {key: value if key in _PLAIN_KEYS else masked(value) for key, value in event.items()}


def masked(value: Any) -> Any:
    """The value with its telephone numbers masked.

    >>> masked("from whatsapp:+15551234567 to WT12345678901234567890123456789012")
    'from whatsapp:…4567 to WT12345678901234567890123456789012'
    """
    if isinstance(value, str):
        return _NUMBER.sub(lambda match: "…" + re.sub(r"\D", "", match.group())[-4:], value)
    if isinstance(value, Mapping):
        return {key: masked(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [masked(item) for item in value]
    return value


def escaped(text: str) -> str:
    r"""Control characters as ``\xNN``, so that no value starts a line of its own.

    >>> escaped("a\nb")
    'a\\x0ab'
    """
    return _CONTROL.sub(lambda match: f"\\x{ord(match.group()):02x}", text)


def line(_logger: WrappedLogger, _name: str, event: EventDict) -> str:
    """``12:30:01 info request handled route=desk status=200``; a traceback follows indented."""
    trace = event.pop("exception", "")
    stamp = str(event.pop("timestamp", ""))[11:19]
    level = event.pop("level", "")
    origin = event.pop("logger", "")
    text = escaped(str(event.pop("event", "")))
    pairs = [f"{key}={escaped(str(value))}" for key, value in event.items() if value not in ("", None)]
    head = " ".join([stamp, f"{level:<7}", f"{origin}:", text, *pairs])
    return head + "".join(f"\n    {escaped(row)}" for row in str(trace).splitlines())
