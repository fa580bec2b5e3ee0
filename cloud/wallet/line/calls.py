"""What the front asks of the accounts service, and what it hears: one POST of JSON to WALLET_PATH.

Request: {operation, arguments, caller}. Answer: {value, session?, held?} or {problem, session?}. `caller` is what the
front alone knows: the address and browser that ask, the host name of the page, the session's token as the cookie has
it. `session`: the token that the cookie has from now on, '' ends it. `held`: a handle, under which the end of
it may be waited for. The front judges none of it and keeps none of it.
"""

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from cloud.wallet.line.problems import MALFORMED, CallRefused, Problem

WALLET_PATH = "/wallet/v1"
ASK_MAX = 64 * 1024
"""Octets of a request, arguments and all."""
ANSWER_MAX = 512 * 1024
TOKEN_MAX = 64
NOTIFY = "provider/notify"
"""A provider's callback, as its raw bytes; the front has a path of its own for it and lets no page ask it."""
NOTIFY_MAX = 16 * 1024
LOOK = "held/look"
"""By which the front asks of all calls that it holds, together; no page may ask it either."""
HANDLES_MAX = 1_000
"""In one look: as many as a front holds."""
OF_FRONT = frozenset((NOTIFY, LOOK))
"""What the front asks by itself, and lets no page ask."""
ADDRESS_MAX, AGENT_MAX, SITE_MAX = 64, 200, 128
_FACTS = (("address", ADDRESS_MAX), ("agent", AGENT_MAX), ("site", SITE_MAX), ("session", TOKEN_MAX))


@dataclass(frozen=True, slots=True)
class Caller:
    """site: scheme, host and port of the page, for passkeys. session: '' where there is none."""

    address: str = ""
    agent: str = ""
    site: str = ""
    session: str = ""


class Ask(NamedTuple):
    """One call."""

    operation: str
    arguments: dict[str, Any]
    caller: Caller


class Answer(NamedTuple):
    """value: of a call that was done; problem: of one that was refused. session: None leaves the cookie alone."""

    value: Any = None
    problem: Problem | None = None
    session: str | None = None
    held: str = ""
    """It may be waited for under this handle; the value is how it stands."""


def encode_ask(ask: Ask) -> bytes:
    """Its bytes."""
    whole = {"operation": ask.operation, "arguments": ask.arguments, "caller": asdict(ask.caller)}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def decode_ask(raw: bytes) -> Ask:
    """CallRefused when it is none."""
    found = from_json(raw)
    operation, arguments, facts = (found.get(name) for name in ("operation", "arguments", "caller"))
    if not isinstance(operation, str) or not isinstance(arguments, dict) or not isinstance(facts, dict):
        raise CallRefused(MALFORMED)
    told = {name: facts.get(name, "") for name, _ in _FACTS}
    if not all(isinstance(told[name], str) and len(told[name]) <= most for name, most in _FACTS):
        raise CallRefused(MALFORMED)
    return Ask(operation, arguments, Caller(**told))


def encode_answer(answer: Answer) -> bytes:
    """Its bytes."""
    return json.dumps(answer_json(answer), ensure_ascii=False, separators=(",", ":")).encode()


def answer_json(answer: Answer) -> dict[str, Any]:
    """As it is told."""
    whole: dict[str, Any] = {"value": answer.value}
    if answer.problem is not None:
        whole = {"problem": answer.problem.to_json()}
    if answer.session is not None:
        whole["session"] = answer.session
    return whole | {"held": answer.held} if answer.held else whole


def decode_answer(raw: bytes) -> dict[str, Any]:
    """As it was said. CallRefused when it is none."""
    return _object(raw, lambda text: json.loads(text, parse_constant=_no_constant))


def from_json(raw: bytes) -> dict[str, Any]:
    """An object that everybody reads alike: UTF-8, each name once, numbers that are some (RFC 7493). CallRefused."""
    return _object(raw, _strict)


def _object(raw: bytes, read: Callable[[str], Any]) -> dict[str, Any]:
    try:
        found = read(raw.decode())
    except (ValueError, RecursionError) as fault:
        raise CallRefused(MALFORMED) from fault
    if not isinstance(found, dict):
        raise CallRefused(MALFORMED)
    return found


def _strict(text: str) -> object:
    found = json.loads(text, parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_each_once)
    if "\\u" in text:
        json.dumps(found, ensure_ascii=False).encode()  # half of a pair is no character: a ValueError
    return found


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _finite(written: str) -> float:
    found = float(written)
    if not math.isfinite(found):
        raise ValueError(written)
    return found


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError(len(pairs))
    return found
