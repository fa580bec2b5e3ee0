"""Ways to a person and what goes over them. Pure."""

from enum import StrEnum
from typing import NamedTuple

from cloud.watch.alarms.watching import Key
from shared.words.voice import Text


class Channel(StrEnum):
    """A way to a person. A promise to routes and receipts: added to, never renamed."""

    MAIL = "mail"
    SMS = "sms"
    WEBHOOK = "webhook"
    CHAT = "chat"


CHANNELS = {
    Channel.MAIL: Text("邮件", "mail"),
    Channel.SMS: Text("短信", "SMS"),
    Channel.WEBHOOK: Text("回调", "webhook"),
    Channel.CHAT: Text("群聊", "chat"),
}


HOOK = "hook:"
"""In place of a name, before that of a webhook in the file of ways: a program that is told, and no person."""
CHAT = "chat:"
"""The same before a chat's: a group of people, none of whom is known."""
PLACES = {HOOK: Channel.WEBHOOK, CHAT: Channel.CHAT}


def way_to(name: str) -> Channel | None:
    """The only way to a place of the file of ways; None: this is a person's name."""
    return next((way for start, way in PLACES.items() if name.startswith(start)), None)


class Why(StrEnum):
    """What a message is for."""

    CALL = "call"
    ESCALATION = "escalation"
    RETURNED = "returned"
    DIGEST = "digest"
    TEST = "test"


WHYS = {
    Why.CALL: Text("报警", "alarm"),
    Why.ESCALATION: Text("无人处理", "unanswered"),
    Why.RETURNED: Text("已恢复", "over"),
    Why.DIGEST: Text("汇总", "digest"),
    Why.TEST: Text("测试", "test"),
}
ANSWERED = frozenset({Why.CALL, Why.ESCALATION, Why.DIGEST})
"""By SMS these ask for an answer, which takes all that they are about."""


class Notice(NamedTuple):
    """To one person by one way: of these alarms. The words are made when it is queued, in his language."""

    person: str
    channel: Channel
    why: Why
    keys: tuple[Key, ...]
    wakes: bool = False
    """It reaches him in his quiet hours."""
    is_single: bool = False
    """It is a message of its own, though others come at the same time."""
