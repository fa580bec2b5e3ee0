"""Messages made of messages: one in place of many that came too late, and one for another way. Pure."""

import json
from collections.abc import Sequence

from cloud.watch.notify.queue import Message, State
from cloud.watch.notify.terms import Channel, Why
from cloud.watch.notify.words import LISTED_MAX, answer_with, short
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text
from shared.words.voice import Language, Text


def digest_of(several: Sequence[Message], language: Language, now_ms: int, code: str = "") -> Message:
    """To the address of the first of them; the newest are named, of the others the number is said. code: with which an
    SMS is answered: that takes all of them."""
    first, newest = several[0], several[-1]
    count, since = len(several), time_text(WALL.at(first.made_ms / 1000))[:-3]
    told = Text(f"迟到的报警 {count} 条，自 {since}", f"{count} alarms that come late, since {since}")
    head = told.in_language(language)
    keys = tuple(dict.fromkeys(key for one in several for key in one.keys))
    subject, text = head, "\n\n".join([head, *(f"{_when(one)} {one.subject}" for one in several[-LISTED_MAX:])])
    if first.channel is Channel.SMS:
        colon = "：" if language is Language.ZH else ": "
        text = short(f"{head}{colon}{newest.subject}", answer_with(code, language))
    elif first.channel is Channel.WEBHOOK:
        subject, text = "", _event(several)
    return Message(
        0, now_ms, first.person, first.channel, first.address, Why.DIGEST, keys, subject, text, next_ms=now_ms
    )  # fmt: skip


def by_another_way(
    message: Message, channel: Channel, address: str, language: Language, now_ms: int, code: str = ""
) -> Message:
    """Its words as the other way can carry them: SMS takes a mail's subject, and asks for an answer."""
    is_short = channel is Channel.SMS and bool(message.subject)
    text = short(message.subject, answer_with(code, language)) if is_short else message.text
    return message._replace(
        channel=channel, address=address, text=text, made_ms=now_ms, next_ms=now_ms, tries=0,
        instead_of=message.number, state=State.WAITING, done_ms=0, receipt="", code="",
    )  # fmt: skip


def _when(one: Message) -> str:
    return time_text(WALL.at(one.made_ms / 1000))[:-3]


def _event(several: Sequence[Message]) -> str:
    """The newest word of each alarm, of the last LISTED_MAX."""
    events = [json.loads(one.text) for one in several]
    newest = {(alarm["rule"], alarm["source"]): alarm for said in events for alarm in said["alarms"]}
    listed = list(newest.values())[-LISTED_MAX:]
    return json.dumps(
        events[-1] | {"why": str(Why.DIGEST), "more": len(newest) - len(listed), "alarms": listed}, ensure_ascii=False
    )
