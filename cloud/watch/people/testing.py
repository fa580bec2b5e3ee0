"""A message to try a way with. Inside of a transaction of the watch's file."""

from cloud.store.db import Database
from cloud.watch.notify import persons, queue
from cloud.watch.notify.event import event
from cloud.watch.notify.persons import address
from cloud.watch.notify.queue import Message
from cloud.watch.notify.terms import CHANNELS, Channel, Why, way_to
from cloud.watch.notify.words import said
from shared.errors import ConfigFault
from shared.words.voice import Language, Text


def put_test(db: Database, name: str, channel: Channel, who: str, campus: str, at_ms: int) -> int:
    """Queue it; its number. PersonRefused; ConfigFault: he has no address for it."""
    persons.known(db, who)
    to, subject, text = _tried(db, name, channel, campus)
    return queue.put(db, Message(0, at_ms, name, channel, to, Why.TEST, (), subject, text, next_ms=at_ms))


def _tried(db: Database, name: str, channel: Channel, campus: str) -> tuple[str, str, str]:
    """Address, subject and text of a test."""
    if way_to(name) is channel:
        words = said(Why.TEST, (), str, campus, Language.ZH)
        is_hook = channel is Channel.WEBHOOK
        return name, "" if is_hook else words.subject, event(Why.TEST, (), str, campus) if is_hook else words.text
    person = persons.known(db, name)
    to = address(person, channel)
    if not to:
        raise ConfigFault(
            Text(f"{name} 没有{CHANNELS[channel].zh}地址", f"{name} has no address for {CHANNELS[channel].en}")
        )
    words = said(Why.TEST, (), str, campus, person.language)
    return to, words.subject, words.sms if channel is Channel.SMS else words.text
