"""Whether services answer and how the machine is: sockets opened and closed again, figures of the system.

Each probe has PROBE_S; one that cannot tell gives None, never 0.
"""

import shutil
import socket
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from cloud.watch.alarms.terms import Kind, Signal, Source

PROBE_S = 1.0
"""Longest that a service may take to take a call."""
_DAY_S = 86_400
_MEMINFO = Path("/proc/meminfo")
_THERMAL = Path("/sys/class/thermal")


@dataclass(frozen=True, slots=True)
class Service:
    """Something that answers at a place: host and port, or a socket's path."""

    name: str
    place: tuple[str, int] | Path


@dataclass(frozen=True, slots=True)
class Looked:
    """What is looked at: services, the folder whose disk counts, certificates by their names."""

    services: Sequence[Service]
    folder: Path
    certificates: Sequence[tuple[str, Path]]


def probe(looked: Looked, now_ms: int) -> Iterator[Signal]:
    """All of it, one after another."""
    for service in looked.services:
        yield _signal("service-down", service.name, now_ms, int(not answers(service)))
    yield _signal("disk-free", "disk", now_ms, _disk_free(looked.folder))
    yield _signal("memory-free", "memory", now_ms, _memory_free())
    yield _signal("temperature", "machine", now_ms, hottest(_THERMAL))
    for name, file in looked.certificates:
        yield _signal("certificate-left", name, now_ms, _days_left(file, now_ms))


def answers(service: Service) -> bool:
    """Does it take a call?"""
    try:
        if isinstance(service.place, Path):
            with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as made:
                made.settimeout(PROBE_S)
                made.connect(str(service.place))
            return True
        socket.create_connection(service.place, PROBE_S).close()
    except OSError:
        return False
    return True


def _signal(name: str, service: str, now_ms: int, value: float | None) -> Signal:
    return Signal(name, Source(Kind.SERVICE, service), now_ms, value)


def _disk_free(folder: Path) -> float | None:
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return None
    return 100 * usage.free / usage.total


def _memory_free() -> float | None:
    try:
        lines = _MEMINFO.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    figures = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
    total, free = figures.get("MemTotal"), figures.get("MemAvailable")
    return 100 * free / total if total and free is not None else None


def hottest(thermal: Path) -> float | None:
    """Degrees Celsius of the hottest zone of this machine; None: it has none, or none can be read."""
    found = []
    for zone in thermal.glob("thermal_zone*/temp"):
        with suppress(OSError, ValueError):  # a sensor that is asleep
            found.append(int(zone.read_text(encoding="ascii")) / 1000)
    return max(found, default=None)


def _days_left(file: Path, now_ms: int) -> float | None:
    try:
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
    except (OSError, ValueError):
        return None
    return (certificate.not_valid_after_utc - datetime.fromtimestamp(now_ms / 1000, UTC)).total_seconds() / _DAY_S
