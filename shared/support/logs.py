"""Logs of a process: one line an event on standard error, plain or JSON, cleaned before it is written, with what it is
about; and louder for a while at a signal, going back by itself.

Standard error alone: who keeps it (journald, a container, `./ykt up`) bounds and keeps it. Nothing of ours opens a log
file of its own, and no dispute rests on one.
"""

import json
import logging
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Protocol

from shared.support.cleaning import cleaned

VARIABLE, JSON = "YKT_LOG", "json"
LOUD_S = 600.0
"""So long everything is told after SIGUSR2."""
TEXT_MAX = 8192
"""Letters of one event, its traceback included; the end of a longer one is cut."""
FIELDS_MAX = 16
QUIET, LOUD = logging.WARNING, logging.DEBUG
_AROUND: ContextVar[Mapping[str, object]] = ContextVar("around", default={})  # noqa: B039  # never written to


class Stream(Protocol):
    """As sys.stderr."""

    def write(self, text: str, /) -> object:
        """To it."""

    def flush(self) -> None:
        """Now."""


@contextmanager
def about(**fields: object) -> Iterator[None]:
    """What all that is told within is about: box="canteen-1", job=7. Not for secrets, and not for cards."""
    token = _AROUND.set({**_AROUND.get(), **fields})
    try:
        yield
    finally:
        _AROUND.reset(token)


class PlainForm(logging.Formatter):
    """For people: time, level, logger, text, and what it is about."""

    def format(self, record: logging.LogRecord) -> str:
        """One event."""
        fields = "".join(f" {name}={value}" for name, value in _fields().items())
        text = _text(self, record).replace("\n", "\n  ")
        return f"{_at(record)} {record.levelname} {record.name}: {text}{cleaned(fields)}"


class JsonForm(logging.Formatter):
    """For programs: one object a line; its own keys cannot be written over by what it is about."""

    def __init__(self, part: str) -> None:
        super().__init__()
        self._part = part

    def format(self, record: logging.LogRecord) -> str:
        """One event."""
        said = {name: value if isinstance(value, int) else cleaned(str(value)) for name, value in _fields().items()}
        own = {
            "at": _at(record), "level": record.levelname.lower(), "part": self._part, "logger": record.name,
            "text": _text(self, record),
        }  # fmt: skip
        return json.dumps(said | own, ensure_ascii=False)


def _fields() -> dict[str, object]:
    return dict(list(_AROUND.get().items())[:FIELDS_MAX])


def _at(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _text(form: logging.Formatter, record: logging.LogRecord) -> str:
    text = record.getMessage()
    if record.exc_info:
        text = f"{text}\n{form.formatException(record.exc_info)}"
    return "\n".join(map(cleaned, text[:TEXT_MAX].split("\n")))


class Loudness:
    """Louder for a while. Each signal turns it over; the timer goes back whatever happens."""

    def __init__(self, logger: logging.Logger, seconds: float = LOUD_S) -> None:
        self._logger, self._seconds = logger, seconds
        self._timer: threading.Timer | None = None

    @property
    def is_loud(self) -> bool:
        """Is everything told?"""
        return self._logger.level == LOUD

    def turn(self, *_: object) -> None:
        """Louder until the time is over; back where it was loud already."""
        if self._timer is not None:
            self._timer.cancel()
        if self.is_loud:
            self._back()
            return
        self._logger.setLevel(LOUD)
        self._timer = threading.Timer(self._seconds, self._back)
        self._timer.daemon = True
        self._timer.start()

    def _back(self) -> None:
        self._logger.setLevel(QUIET)


def set_up(part: str, environment: Mapping[str, str], stream: Stream | None = None) -> Loudness:
    """For a composition root, once: events of all loggers go to standard error, and SIGUSR2 makes it loud."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonForm(part) if environment.get(VARIABLE, "") == JSON else PlainForm())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(QUIET)
    loudness = Loudness(root)
    signal.signal(signal.SIGUSR2, loudness.turn)
    return loudness
