"""Pages of other services, read as a Prometheus would: of each only what the closed list of series has.

A service that does not answer within PAGE_S is not known, and never 0.
"""

import http.client
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from cloud.watch.metrics.points import Point, Value
from cloud.watch.metrics.series import OF_SERVICES, SERIES

PAGE_S = 1.0
PAGE_MAX = 64 * 1024
NUMBER_MAX = float(1 << 53)
_NAMES: Mapping[str, str] = {SERIES[name].metric: name for name in OF_SERVICES}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page is: host and port, or a socket's path."""

    name: str
    at: tuple[str, int] | Path


class _OverPath(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=PAGE_S)
        self._path = str(path)

    def connect(self) -> None:
        """As HTTPConnection's, to a socket in the file system."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(PAGE_S)
        self.sock.connect(self._path)


def points_of(place: Place, now_ms: int) -> list[Point]:
    """Empty: it does not answer."""
    return list(read_page(_ask(place), now_ms))


def read_page(said: str, now_ms: int) -> Iterator[Point]:
    """A point of each measurement."""
    found: dict[str, dict[str, Value]] = {}
    for line in said.splitlines():
        metric, space, number = line.partition(" ")
        name = _NAMES.get(metric)
        value = _number(number) if space else None
        if name is not None and value is not None:
            one = SERIES[name]
            found.setdefault(one.measurement, {})[name] = int(value) if one.is_whole else value
    for measurement, values in found.items():
        yield Point(measurement, "", tuple(values.items()), now_ms)


def _ask(place: Place) -> str:
    made = _OverPath(place.at) if isinstance(place.at, Path) else http.client.HTTPConnection(*place.at, timeout=PAGE_S)
    try:
        with closing(made) as line:
            line.request("GET", "/metrics")
            with line.getresponse() as answer:
                said = answer.read(PAGE_MAX)
    except (OSError, http.client.HTTPException):
        return ""
    return said.decode("utf-8", "replace") if answer.status == http.HTTPStatus.OK else ""


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if isfinite(value) and abs(value) <= NUMBER_MAX else None
