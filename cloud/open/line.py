"""Between the open platform's front and the accounts service behind it: one POST to OPEN_PATH for each question. Pure.

A question and an answer are a head, which is one line of JSON, and octets behind it. The front passes on what programs
ask as it came, and carries webhooks to their receivers; whose key it is, what it may and how a webhook is signed is
said behind it. So neither a key, a quota nor an application is the front's.

    {"do": "call", method, path, query, headers} BODY  ->  {status, headers} BODY
    {"do": "due", on_way: [APP, …]}                    ->  {due: [{delivery, url, headers, body, allowed}, …]}
    {"do": "told", delivery, status, fault}            ->  {state}: heard, waits or dead
"""

import json
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from cloud.open.problems import MALFORMED, MEDIA, NOBODY, CallRefused, Problem, said
from cloud.wallet.line.calls import from_json

OPEN_PATH = "/open/v1"
JSON = "application/json"
DOCUMENT = "/openapi.json"
BODY_MAX = 16 * 1024
ASK_MAX = 64 * 1024
"""Octets of a question, its head and what is behind it."""
DECIDES = ("authorization", "idempotency-key", "content-type", "content-length", "host")
"""Headers that decide anything; no other is passed on."""
CALL, DUE, TOLD = "call", "due", "told"
STATES = ("heard", "waits", "dead")
"""How a delivery may stand."""
FAULT_MAX = 32
_CHALLENGE = ("WWW-Authenticate", 'Bearer realm="openykt"')
_END = b"\n"
_DELIVERY = (int, str, int, int, int, int, str, int)


class Asked(NamedTuple):
    """headers: names in small letters, in their order, each as often as it came."""

    method: str
    path: str
    query: str
    headers: Sequence[tuple[str, str]]
    body: bytes


class Said(NamedTuple):
    """An answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Sending(NamedTuple):
    """A webhook on its way. delivery: what it is known by behind the front, which gives it back as it is; its first two
    are the event and the application. allowed: its host, where the operator allows it though its address is private."""

    delivery: tuple[int | str, ...]
    url: str
    headers: dict[str, str]
    body: bytes
    allowed: frozenset[str]

    @property
    def app(self) -> str:
        """Whose it is."""
        return str(self.delivery[1])


def refusal(problem: Problem, told: Sequence[tuple[str, str]] = ()) -> Said:
    """A problem as an answer."""
    more = [_CHALLENGE] if problem is NOBODY else []
    if problem.retry_s is not None and "Retry-After" not in dict(told):
        more.append(("Retry-After", str(problem.retry_s)))
    return Said(problem.status, (("Content-Type", MEDIA), *told, *more), encoded(said(problem)))


def encoded(value: object) -> bytes:
    """JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def framed(head: dict[str, Any], body: bytes = b"") -> bytes:
    """Head and octets."""
    return encoded(head) + _END + body


def unframed(raw: bytes) -> tuple[dict[str, Any], bytes]:
    """Head and octets. CallRefused."""
    head, end, body = raw.partition(_END)
    if not end:
        raise CallRefused(MALFORMED)
    return from_json(head), body


def ask_call(asked: Asked) -> bytes:
    """Of what decides anything. CallRefused: it is longer than any call of ours."""
    headers = [one for one in asked.headers if one[0] in DECIDES]
    head = {"do": CALL, "method": asked.method, "path": asked.path, "query": asked.query, "headers": headers}
    raw = framed(head, asked.body)
    if len(raw) > ASK_MAX:
        raise CallRefused(MALFORMED)
    return raw


def call_of(head: dict[str, Any], body: bytes) -> Asked:
    """CallRefused."""
    words, headers = [head.get(name) for name in ("method", "path", "query")], head.get("headers")
    if not _are(words, (str, str, str)) or not isinstance(headers, list):
        raise CallRefused(MALFORMED)
    if not all(isinstance(one, list) and len(one) == 2 and _are(one, (str, str)) for one in headers):
        raise CallRefused(MALFORMED)
    method, path, query = map(str, words)
    return Asked(method, path, query, [(name, value) for name, value in headers], body)


def is_call(raw: bytes) -> bool:
    """Does a program ask? No where it is no question at all."""
    try:
        return unframed(raw)[0].get("do") == CALL
    except CallRefused:
        return False


def said_raw(answer: Said) -> bytes:
    """Of an answer."""
    return framed({"status": answer.status, "headers": answer.headers}, answer.body)


def said_of(raw: bytes) -> Said:
    """CallRefused."""
    head, body = unframed(raw)
    try:
        return Said(int(head["status"]), tuple((str(name), str(value)) for name, value in head["headers"]), body)
    except (KeyError, TypeError, ValueError) as fault:
        raise CallRefused(MALFORMED) from fault


def ask_due(on_way: Collection[str]) -> bytes:
    """on_way: applications that something is on its way to."""
    return framed({"do": DUE, "on_way": sorted(on_way)})


def on_way_of(head: dict[str, Any]) -> frozenset[str]:
    """CallRefused."""
    found = head.get("on_way")
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise CallRefused(MALFORMED)
    return frozenset(found)


def due_raw(due: Sequence[Sending]) -> bytes:
    """Of what is to be sent."""
    told = [one._asdict() | {"body": one.body.decode(), "allowed": sorted(one.allowed)} for one in due]
    return framed({"due": told})


def due_of(raw: bytes) -> list[Sending]:
    """CallRefused."""
    head, _ = unframed(raw)
    try:
        return [
            Sending(tuple(one["delivery"]), one["url"], dict(one["headers"]), one["body"].encode(),
                    frozenset(one["allowed"]))
            for one in head["due"]
        ]  # fmt: skip
    except (AttributeError, KeyError, TypeError, ValueError) as fault:
        raise CallRefused(MALFORMED) from fault


def ask_told(delivery: tuple[int | str, ...], status: int, fault: str) -> bytes:
    """How a try ended."""
    return framed({"do": TOLD, "delivery": delivery, "status": status, "fault": fault})


def told_of(head: dict[str, Any]) -> tuple[tuple[Any, ...], int, str]:
    """Delivery, status and fault. CallRefused."""
    delivery, rest = head.get("delivery"), [head.get("status"), head.get("fault")]
    if not isinstance(delivery, list) or not _are(delivery, _DELIVERY) or not _are(rest, (int, str)):
        raise CallRefused(MALFORMED)
    return tuple(delivery), int(rest[0] or 0), str(rest[1])[:FAULT_MAX]


def state_raw(state: str) -> bytes:
    """How a delivery stands now."""
    return framed({"state": state})


def state_of(raw: bytes) -> str:
    """One of STATES. CallRefused: it says none, so nothing was noted."""
    state = str(unframed(raw)[0].get("state", ""))
    if state not in STATES:
        raise CallRefused(MALFORMED)
    return state


def _are(values: Sequence[object], kinds: Sequence[type]) -> bool:
    return len(values) == len(kinds) and all(type(one) is kind for one, kind in zip(values, kinds, strict=True))
