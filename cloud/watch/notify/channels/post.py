"""One signed POST to a place that is configured, and nowhere else: no redirect is followed, no proxy is asked.

The secret and the place are in no fault: a path may hold a key.
"""

import http.client
import ipaddress
import ssl
import time
from contextlib import closing
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlsplit

from cloud.watch.notify.channels.door import ChannelFault
from cloud.watch.notify.channels.signed import HEADER, signature

ANSWER_S = 10.0
"""Longest that one step of it may take."""
ANSWER_MAX = 4096
SECRET_MIN = 16
_TAKEN = range(200, 300)
_FOR_GOOD = frozenset({400, 410, 413, 415, 422})
"""What is wrong with the message itself. All else (a wrong secret, too many, a server's fault) may be mended."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to post. ca: PEM file of a school's own authority; empty: the system's."""

    host: str
    port: int
    path: str = field(repr=False)
    secret: bytes = field(repr=False)
    is_plain: bool = False
    ca: str = ""


class Answered(NamedTuple):
    """What a place said to what it took: as much of it as was wanted."""

    status: int
    body: bytes


def place_of(url: str, secret: str, ca: str = "") -> Place:
    """https, or http on this machine. ValueError, which says nothing of either."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("not a URL") from None
    is_plain = parts.scheme == "http"
    if not url.isascii() or not url.isprintable() or " " in url or not host or parts.username is not None:
        raise ValueError("not a URL")
    if parts.scheme != "https" and not (is_plain and _is_here(host)):
        raise ValueError("https, or http on loopback")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Place(host, port or (80 if is_plain else 443), path, secret.encode(), is_plain, ca)


def post(place: Place, body: bytes, kind: str, most: int = ANSWER_MAX) -> Answered:
    """kind: the body's media type. most: octets of the answer that are read. ChannelFault: it was not taken."""
    unix_s = int(time.time())
    head = {"Content-Type": kind, HEADER: signature(place.secret, "POST", place.path, unix_s, body)}
    try:
        with closing(_line(place)) as line:
            line.request("POST", place.path, body, head)
            with line.getresponse() as answer:
                said = _read(answer, most)
    except (OSError, http.client.HTTPException) as fault:
        raise ChannelFault(f"HTTP: {type(fault).__name__}", for_all=True) from fault
    if answer.status not in _TAKEN:
        raise ChannelFault(f"HTTP {answer.status}", for_good=answer.status in _FOR_GOOD)
    return Answered(answer.status, said)


def _read(answer: http.client.HTTPResponse, most: int) -> bytes:
    """A place that says a little at a time is heard for ANSWER_S, not for ever."""
    said, last_s = b"", time.monotonic() + ANSWER_S
    while len(said) < most and (more := answer.read1(most - len(said))):
        said += more
        if time.monotonic() > last_s:
            raise TimeoutError
    return said


def _line(place: Place) -> http.client.HTTPConnection:
    if place.is_plain:
        return http.client.HTTPConnection(place.host, place.port, timeout=ANSWER_S)
    try:
        context = ssl.create_default_context(cafile=place.ca or None)
    except OSError as fault:
        raise ChannelFault(f"CA: {type(fault).__name__}") from fault
    return http.client.HTTPSConnection(place.host, place.port, timeout=ANSWER_S, context=context)


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
