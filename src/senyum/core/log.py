"""Logs: one JSON line an event to stderr, without personal data, secrets or control characters.

Django calls `configure` (settings.LOGGING_CONFIG). Use `structlog.get_logger(__name__)` and pass facts as keywords:
`log.warning("notice.failed", notice=12, channel="email")`. Bodies, names and query strings are never logged.
"""

from __future__ import annotations

import logging
import re
import socket
import sys
import unicodedata
from collections.abc import Mapping
from logging.handlers import SysLogHandler
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

#: What is taken out of every string, first match first. A net under careful logging, not a licence for careless.
REDACTIONS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"sny_[0-9a-f]{1,16}(_[\w-]*)?"), "[token]"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), r"\1 [token]"),
    # A citizen's link opens their ticket to whoever has it.
    (re.compile(r"(/(?:t|b|visits|bookings|cases)/)[\w-]{12,}"), r"\1[token]"),
    (re.compile(r"(/[^\s?\"'<>]*)\?[^\s\"'<>]+"), r"\1?[query]"),
    # PostgreSQL repeats the offending row after these words.
    (re.compile(r"(?m)^\s*(DETAIL|CONTEXT):.*$"), r"\1: [row]"),
    # And it quotes what it could not read as a number, a time or JSON.
    (re.compile(r"(?m)((?:invalid|malformed|out of range)[^:\n]*: ?)[\"'].*$"), r"\1[typed]"),
    (re.compile(r"(?<![\d.])\d(?:[ .-]?\d){15}(?![\d])"), "[nik]"),
    (re.compile(r"(?<![\d.])(?:\+?62|0)[ -]?8(?:[ -]?\d){7,11}(?!\d)"), "[phone]"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "[email]"),
)
#: Keys whose value is never written, whatever it is.
SECRET_KEYS = frozenset(
    [
        "authorization",
        "cookie",
        "csrfmiddlewaretoken",
        "name",
        "nik",
        "note",
        "password",
        "phone",
        "pin",
        "secret",
        "token",
        "body",
    ]
)
LONGEST = 4_000


def redact(text: str) -> str:
    """The text without identifiers, secrets and query strings, at most `LONGEST` characters."""
    for pattern, instead in REDACTIONS:
        text = pattern.sub(instead, text)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def escape(text: str) -> str:
    """Control, format and line-separating characters written out, so that no text can forge or hide a line."""
    return "".join(f"\\u{ord(c):04x}" if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs") else c for c in text)


def clean(value: Any, *, lines: bool = False) -> Any:
    """A value fit for the log: strings redacted and escaped, also inside lists and mappings. `lines` keeps newlines."""
    if isinstance(value, str):
        text = redact(value)
        return "\n".join(escape(line) for line in text.splitlines()) if lines else escape(text)
    if isinstance(value, bool | int | float | None):
        return value
    if isinstance(value, Mapping):
        return {str(k): "[secret]" if str(k).lower() in SECRET_KEYS else clean(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [clean(v) for v in value]
    return clean(str(value))


def redaction(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: `clean` over the whole event. A trace keeps its lines, which JSON writes as \\n."""
    return {
        key: "[secret]" if key in SECRET_KEYS else clean(value, lines=key == "exception")
        for key, value in event.items()
    }


class StderrHandler(logging.Handler):
    """Writes to what is standard error at that moment: a supervisor and the tests replace it."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
        except Exception:
            self.handleError(record)


class CollectorHandler(SysLogHandler):
    """Sends each line to a syslog daemon too, which keeps it elsewhere; one that is gone stops nothing."""

    ident = "senyum: "
    append_nul = False

    def handleError(self, record: logging.LogRecord) -> None:
        """The line stands in the log of this machine; a trace for each would drown it."""


def collector(address: str) -> CollectorHandler:
    """A handler for `/dev/log` (a daemon of this machine) or `192.0.2.7:514` (UDP).

    A daemon that is not there yet gets the lines from when it is. Raises ValueError with a sentence when the address is
    neither. Only numbers: a name would be looked up for every line.
    """
    if address.startswith("/"):
        return CollectorHandler(address)
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.inet_pton(family, host)
        number = int(port)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"SENYUM_LOG_COLLECTOR is {address!r}. Give the path of a socket (/dev/log) or number and port"
            " (192.0.2.7:514)."
        ) from error
    return CollectorHandler((host, number))


def configure(options: Mapping[str, Any] | None = None) -> None:
    """Set up structlog and the standard library's logging.

    `options`: `level`, name of the least level (INFO); `collector`, where lines go besides standard error (`collector`
    above; nowhere). A collector that cannot be used is told in the log and done without.
    """
    level = str((options or {}).get("level") or "INFO").upper()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.stdlib.ExtraAdder(allow=("status_code",)),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            redaction,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ],
    )
    root = logging.getLogger()
    for before in [h for h in root.handlers if isinstance(h, StderrHandler | CollectorHandler)]:
        root.removeHandler(before)
        before.close()
    handlers: list[logging.Handler] = [StderrHandler()]
    trouble = ""
    try:
        handlers += [collector(address)] if (address := str((options or {}).get("collector") or "")) else []
    except ValueError as error:
        trouble = str(error)
    for handler in handlers:
        handler.setFormatter(formatter)
        root.addHandler(handler)
    root.setLevel(level)
    # A 404 is not an event of the house, and its address may be somebody's link.
    logging.getLogger("django.request").setLevel(logging.ERROR)
    logging.getLogger("django.db.backends").setLevel(logging.WARNING)
    # That jobs exist and are queued is not an event either: every command would begin with it.
    for name in ("blueprints", "periodic", "jobs"):
        logging.getLogger(f"procrastinate.{name}").setLevel(logging.WARNING)
    if trouble:
        structlog.get_logger(__name__).warning("log.no_collector", trouble=trouble)
