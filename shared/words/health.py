"""What a service answers whoever looks after it: /healthz, /readyz, and /metrics as a Prometheus reads it. Pure.

Healthy: it works. Ready: it waits for nobody; else it says for whom. Nothing else is served, nothing is taken in; what
a stranger sends is in no answer and in no log.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

HEAD_MAX = 4096
"""Bytes of a question; a longer one is none."""
CALLER_S = 2.0
"""Patience with a caller, for each step."""
CALLERS_MAX = 8
"""At a time; one more is closed at once."""
PAGE_KIND = "text/plain; version=0.0.4; charset=utf-8"
_PLAIN = "text/plain; charset=utf-8"
_REASONS = {200: "OK", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}


class Health(NamedTuple):
    """As it is now. ails: why it does not work, '' when it does; waits: for whom it waits; page: for /metrics."""

    ails: str = ""
    waits: tuple[str, ...] = ()
    page: str = ""


Look = Callable[[], Health]


def answer_to(head: bytes, look: Look) -> bytes:
    """The whole answer to the head of a request."""
    words = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
    if len(words) != 3 or words[0] not in ("GET", "HEAD"):
        return _answer(405, _PLAIN, "GET\n", is_head=False)
    return _answer(*_said(words[1].partition("?")[0], look()), is_head=words[0] == "HEAD")


def page_of(service: str, figures: Mapping[str, float | int | str | bool]) -> str:
    """Of a service, its figures in the order of their names; what is no number is not on it."""
    numbers = {name: int(value) if isinstance(value, bool) else value for name, value in figures.items()}
    rows = [(f"ykt_{service}_{name}", value) for name, value in numbers.items() if not isinstance(value, str)]
    return "".join(f"# TYPE {name} gauge\n{name} {value!r}\n" for name, value in sorted(rows))


def spread(name: str, seconds: Iterable[float]) -> dict[str, float]:
    """Half and nearly all of them were no longer than this; nothing where nothing is known."""
    ordered = sorted(seconds)
    if not ordered:
        return {}
    return {f"{name}_p50_s": ordered[len(ordered) // 2], f"{name}_p99_s": ordered[len(ordered) * 99 // 100]}


def _said(path: str, health: Health) -> tuple[int, str, str]:
    waits = ", ".join(health.waits)
    match path:
        case "/healthz":
            return (503, _PLAIN, f"{health.ails}\n") if health.ails else (200, _PLAIN, "ok\n")
        case "/readyz":
            why = health.ails or (f"waits for {waits}" if waits else "")
            return (503, _PLAIN, f"{why}\n") if why else (200, _PLAIN, "ok\n")
        case "/metrics":
            return 200, PAGE_KIND, health.page
    return 404, _PLAIN, "/healthz /readyz /metrics\n"


def _answer(status: int, kind: str, text: str, *, is_head: bool) -> bytes:
    body = text.encode()
    head = f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return (head + "Connection: close\r\n\r\n").encode() + (b"" if is_head else body)
