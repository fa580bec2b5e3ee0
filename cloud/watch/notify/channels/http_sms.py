"""SMS by a provider that takes signed posts: to, text, and our number of it, as JSON or as a form."""

import json
from enum import StrEnum
from urllib.parse import urlencode

from cloud.watch.notify.channels.door import Heard
from cloud.watch.notify.channels.post import Place, post
from cloud.watch.notify.queue import Message

ID_MAX = 64


class Body(StrEnum):
    """How a post is written."""

    JSON = "json"
    FORM = "form"


class HttpSmsDoor:
    """A post for each message. The same id twice is the same message: a provider may send it once."""

    def __init__(self, place: Place, body: Body = Body.JSON) -> None:
        self._place, self._body = place, body

    def send(self, message: Message) -> str:
        """The provider's id of it, where it says one; else the status."""
        said = {"id": f"{message.number}.{message.made_ms}", "to": message.address, "text": message.text}
        if self._body is Body.JSON:
            answer = post(self._place, json.dumps(said, ensure_ascii=False).encode(), "application/json")
        else:
            answer = post(self._place, urlencode(said).encode(), "application/x-www-form-urlencoded")
        return _id(answer.body) or str(answer.status)

    def heard(self) -> Heard:
        """A provider that takes posts hands nothing over."""
        return ()


def _id(body: bytes) -> str:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    found = said.get("id") if isinstance(said, dict) else None
    is_id = isinstance(found, str | int) and not isinstance(found, bool)
    return str(found)[:ID_MAX] if is_id and str(found).isprintable() else ""
