"""SMS by a provider that takes signed posts: to, text, and our number of it, as JSON or as a form.

What became of a message is asked for, where the provider has a place for that: a signed post of ids, answered by their
states. Being called back would want an open port on this machine, and would have to be guarded against what is said
twice; a question wants neither.
"""

import json
import time
from collections.abc import Iterator
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from cloud.watch.notify.channels.door import Arrived, Awaited, ChannelFault, Given, Heard
from cloud.watch.notify.channels.post import Place, post
from cloud.watch.notify.queue import Message

ID_MAX = 64
ASK_S = 15.0
"""How often a provider is asked what became of what it took."""
STATES_MAX = 64 * 1024
"""Octets of such an answer."""
_JSON = "application/json"
_STATES = {"arrived": True, "delivered": True, "failed": False, "undelivered": False}


class Body(StrEnum):
    """How a post is written."""

    JSON = "json"
    FORM = "form"


class HttpSmsDoor:
    """A post for each message. The same id twice is the same message: a provider may send it once."""

    def __init__(self, place: Place, body: Body = Body.JSON, status: Place | None = None) -> None:
        """status: where it says what became of what it took; None: nowhere, and a message that is sent stays so."""
        self._place, self._body, self._status = place, body, status
        self._asked_s = -ASK_S

    def send(self, message: Message) -> Given:
        """The provider's id of it, where it says one; else the status."""
        said = {"id": f"{message.number}.{message.made_ms}", "to": message.address, "text": message.text}
        if self._body is Body.JSON:
            answer = post(self._place, json.dumps(said, ensure_ascii=False).encode(), _JSON)
        else:
            answer = post(self._place, urlencode(said).encode(), "application/x-www-form-urlencoded")
        ident = _id(answer.body)
        return Given(ident or str(answer.status), (ident,) if ident and self._status else ())

    def heard(self, awaited: Awaited = tuple) -> Heard:
        """What the provider says of those; ChannelFault."""
        if self._status is None or time.monotonic() - self._asked_s < ASK_S:
            return ()
        self._asked_s = time.monotonic()
        wanted = list(awaited())
        if not wanted:
            return ()
        answer = post(self._status, json.dumps({"ids": wanted}).encode(), _JSON, STATES_MAX)
        return list(_states(answer.body, frozenset(wanted)))


def _id(body: bytes) -> str:
    said = _object(body)
    found = said.get("id")
    is_id = isinstance(found, str | int) and not isinstance(found, bool)
    return str(found)[:ID_MAX] if is_id and str(found).isprintable() else ""


def _states(body: bytes, awaited: frozenset[str]) -> Iterator[Arrived]:
    """Last words about what was asked for; any other state is not the last."""
    states = _object(body).get("states")
    if not isinstance(states, dict):
        raise ChannelFault("no states")
    for ident, state in states.items():
        if ident in awaited and isinstance(state, str) and state in _STATES:
            yield Arrived((ident,), _STATES[state])


def _object(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
