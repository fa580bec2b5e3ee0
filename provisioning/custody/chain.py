"""Custody log: one JSON line for each thing that was done with keys, PSAMs and cards, chained. Holds no secret.

`before` of a line is the SHA-256 of the line before it, so an edited, removed or inserted line is named. Lines cut off
at the end leave a sound chain: the head that was there is in custody.head beside it, in the minutes of each ceremony,
which are printed, and in the key process's STATUS, which goes to another log; who can rewrite the whole folder still
has those two against him. A line torn by a power cut stays, is named, and the chain goes on behind it. Refuses a note
or a name so long that the last line could not be found again.
"""

import hashlib
import json
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provisioning.keys.store import KeyKind, KeyStore, StoredKey
from provisioning.keys.terminals import expanding, link_check
from shared.errors import ConfigFault
from shared.purse.crypto import Key, kcv, suite_of
from shared.words.voice import Text

START = bytes(32)
"""What stands before the first line."""
WHO_MAX = 60
HEAD_WORDS = Text("保管日志链头", "head of the custody log")
"""What stands before the head in the minutes of a ceremony, in whichever language; `custody verify` looks for it."""
NOTE_MAX = 160
HEAD_LEAST = 16
"""Hex digits of a head, as in STATUS, that name it."""
"""Characters. In JSON a character takes up to 12 bytes, so that a line stays under custody.TAIL_BYTES."""
_CHECKED_OTHERWISE = (KeyKind.SIGNING, KeyKind.AUTHORITY, KeyKind.FIRMWARE)


class Act(StrEnum):
    """What happened."""

    MADE = "made"
    SEALED = "sealed"
    OPENED = "opened"
    COMPONENT = "component"
    JOINED = "joined"
    DERIVED = "derived"
    ABORTED = "aborted"
    MINUTES = "minutes"
    EXPORTED = "exported"
    IMPORTED = "imported"
    ROTATED = "rotated"
    RETIRED = "retired"
    DESTROYED = "destroyed"
    REVOKED = "revoked"
    RENEWED = "renewed"
    ENROLLED = "enrolled"
    PSAM = "psam"
    STOCK = "stock"
    BATCH = "batch"
    EXTENDED = "extended"


class Event(NamedTuple):
    """One deed. check: 3-byte check value of its key, empty when it is about no key; at: campus seconds since 2000."""

    at: int
    act: Act
    level: str = ""
    kind: str = ""
    version: int = 0
    check: bytes = b""
    who: str = ""
    note: str = ""


def events_of(store: KeyStore, act: Act, at: int, who: str = "", note: str = "") -> list[Event]:
    """One event per key of a store."""
    return [
        Event(at, act, store.level, key.kind, key.version, check_value(key), name_of(who), note) for key in store.keys
    ]


def deed(at: int, act: Act, who: str, note: str) -> Event:
    """An event about no single key; ConfigFault when its texts are too long for a line."""
    if not note.isprintable() or len(note) > NOTE_MAX:
        raise ConfigFault(Text(f"备注最多 {NOTE_MAX} 个可见字符", f"a note has at most {NOTE_MAX} visible characters"))
    return Event(at, act, who=name_of(who), note=note)


def name_of(who: str) -> str:
    """A person's name as it may stand in the log; ConfigFault otherwise."""
    if not who.isprintable() or len(who) > WHO_MAX:
        raise ConfigFault(Text(f"姓名最多 {WHO_MAX} 个可见字符", f"a name has at most {WHO_MAX} visible characters"))
    return who


def check_value(key: StoredKey) -> bytes:
    """3 bytes that two can compare: a KCV by the key's own cipher, LINK's by its own work, a public half's, a hash."""
    octets = key.octets
    if key.kind is KeyKind.LINK:
        return link_check(expanding(key))
    if key.kind not in _CHECKED_OTHERWISE:
        return kcv(Key(octets, suite_of(key.algorithm)))
    if key.kind in (KeyKind.SIGNING, KeyKind.FIRMWARE):
        octets = Ed25519PrivateKey.from_private_bytes(octets).public_key().public_bytes_raw()
    return hashlib.sha256(b"openykt check value\0" + octets).digest()[:3]


def lines(events: Iterable[Event], before: bytes = START, number: int = 1) -> bytes:
    """The lines of these events behind a line with hash `before`."""
    text = bytearray()
    for at, event in enumerate(events, number):
        line = _line(event, before, at)
        text += line + b"\n"
        before = hashlib.sha256(line).digest()
    return bytes(text)


def head(raw: bytes) -> bytes:
    """32-byte hash of the last line: names the whole log before it."""
    last = raw.rstrip(b"\n").rpartition(b"\n")[2]
    return hashlib.sha256(last).digest() if last else START


def has_head(raw: bytes, written: str) -> bool:
    """Was this (the first HEAD_LEAST hex digits of it, or more) the log's head after one of its lines?

    One that was written down elsewhere must have been; else lines were cut off, or it is another log.
    """
    known = written.lower()
    return len(known) >= HEAD_LEAST and any(hashlib.sha256(line).hexdigest().startswith(known) for line in _split(raw))


def count(raw: bytes) -> int:
    """Lines of a log, torn ones too."""
    return len(_split(raw))


def faults(raw: bytes) -> list[Text]:
    """What is wrong with a log: one text per broken line, none when it is whole."""
    found, before = [], START
    for number, line in enumerate(_split(raw), 1):
        try:
            entry = json.loads(line)
            if entry["before"] != before.hex():
                found.append(Text(f"第 {number} 行与前一行不衔接", f"line {number} does not follow the line before it"))
        except (ValueError, RecursionError, KeyError, TypeError):
            found.append(Text(f"第 {number} 行残缺", f"line {number} is torn"))
        before = hashlib.sha256(line).digest()
    return found


def last_number(tail: bytes) -> int:
    """Number of the last whole line; 0 when there is none to read."""
    for line in reversed(tail.split(b"\n")):
        try:
            return int(json.loads(line)["n"])
        except (ValueError, RecursionError, KeyError, TypeError):
            continue
    return 0


def _split(raw: bytes) -> list[bytes]:
    return raw.removesuffix(b"\n").split(b"\n") if raw else []


def _line(event: Event, before: bytes, number: int) -> bytes:
    told = {name: text for name, text in (("who", event.who), ("note", event.note)) if text}
    key = {name: value for name, value in event._asdict().items() if name not in ("who", "note")}
    entry = {"n": number} | key | {"check": event.check.hex().upper()} | told | {"before": before.hex()}
    return json.dumps(entry, separators=(",", ":")).encode("ascii")
