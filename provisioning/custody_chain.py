"""Custody log: one JSON line for each key that was made or opened, chained, append-only. Holds no secret.

`before` of a line is the SHA-256 of the line before it, so an edited, removed or inserted line is named. Who can
rewrite the whole file can rewrite the chain: its head is therefore also in the key process's STATUS, which goes to
another log. A line torn by a power cut stays, is named, and the chain goes on behind it.
"""

import hashlib
import json
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provisioning.key_store import KeyKind, KeyStore, StoredKey
from shared.purse.crypto import kcv

START = bytes(32)
"""What stands before the first line."""


class Act(StrEnum):
    """What happened to a key."""

    MADE = "made"
    OPENED = "opened"


class Event(NamedTuple):
    """One key, once. check: 3-byte check value; at: campus seconds since 2000."""

    at: int
    act: Act
    level: str
    kind: str
    version: int
    check: bytes


def events_of(store: KeyStore, act: Act, at: int) -> list[Event]:
    """One event per key of a store."""
    return [Event(at, act, store.level, key.kind, key.version, check_value(key)) for key in store.keys]


def check_value(key: StoredKey) -> bytes:
    """3 bytes that two people can compare: the KCV of a purse key, a fingerprint of the public half, or a hash."""
    if key.kind in (KeyKind.PURCHASE, KeyKind.LOAD, KeyKind.TAC):
        return kcv(key.card_key(key.kind))
    octets = key.octets
    if key.kind is KeyKind.SIGNING:
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


def faults(raw: bytes) -> list[str]:
    """What is wrong with a log: one text per broken line, none when it is whole."""
    found, before = [], START
    for number, line in enumerate(raw.removesuffix(b"\n").split(b"\n") if raw else [], 1):
        try:
            entry = json.loads(line)
            if entry["before"] != before.hex():
                found.append(f"第 {number} 行与前一行不衔接 / line {number} does not follow the line before it")
        except (ValueError, KeyError, TypeError):
            found.append(f"第 {number} 行残缺 / line {number} is torn")
        before = hashlib.sha256(line).digest()
    return found


def last_number(tail: bytes) -> int:
    """Number of the last whole line; 0 when there is none to read."""
    for line in reversed(tail.split(b"\n")):
        try:
            return int(json.loads(line)["n"])
        except (ValueError, KeyError, TypeError):
            continue
    return 0


def _line(event: Event, before: bytes, number: int) -> bytes:
    entry = {"n": number} | event._asdict() | {"check": event.check.hex().upper(), "before": before.hex()}
    return json.dumps(entry, separators=(",", ":")).encode("ascii")
