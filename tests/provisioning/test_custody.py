"""The custody log: every key named, edits named, torn lines survive, no secret in it."""

import json

from provisioning.custody import append
from provisioning.custody_chain import START, Act, check_value, events_of, faults, head, lines
from provisioning.key_store import KeyKind, KeyStore, Level, StoredKey
from shared.purse.crypto import Key, kcv

KEYS = tuple(StoredKey(kind, 1, bytes([0xC0 + 2 * n]) * 16) for n, kind in enumerate(list(KeyKind)[:4]))
STORE = KeyStore(Level.SCHOOL, 1, KEYS)
EVENTS = events_of(STORE, Act.MADE, 77)


def test_frozen_line() -> None:
    first = lines(EVENTS[:1]).decode()
    check = kcv(Key(b"\xc0" * 16)).hex().upper()
    assert first == (
        '{"n":1,"at":77,"act":"made","level":"school","kind":"purchase","version":1,'
        f'"check":"{check}","before":"{START.hex()}"}}\n'
    )


def test_check_values_tell_keys_apart_and_give_nothing_away() -> None:
    values = [check_value(key) for key in KEYS]
    assert len(set(values)) == len(KEYS)
    assert {len(value) for value in values} == {3}


def test_appending_continues_the_chain(tmp_path) -> None:
    log = tmp_path / "custody.log"
    log.write_bytes(lines(EVENTS))
    end = append(log, events_of(STORE, Act.OPENED, 88))
    raw = log.read_bytes()
    rows = [json.loads(line) for line in raw.splitlines()]
    assert faults(raw) == []
    assert [row["n"] for row in rows] == list(range(1, 9))
    assert [row["act"] for row in rows] == ["made"] * 4 + ["opened"] * 4
    assert end == head(raw)


def test_a_long_log_is_continued_from_its_last_line(tmp_path) -> None:
    log = tmp_path / "custody.log"
    for at in range(30):
        append(log, events_of(STORE, Act.OPENED, at))
    raw = log.read_bytes()
    assert faults(raw) == []
    assert json.loads(raw.splitlines()[-1])["n"] == 120


def test_an_edited_removed_or_inserted_line_is_named() -> None:
    rows = lines(EVENTS).splitlines(keepends=True)
    edited = b"".join([rows[0], rows[1].replace(b'"at":77', b'"at":78'), *rows[2:]])
    assert [fault.partition(" / ")[2] for fault in faults(edited)] == ["line 3 does not follow the line before it"]
    assert len(faults(b"".join([rows[0], *rows[2:]]))) == 1
    assert len(faults(b"".join([rows[0], rows[0], *rows[1:]]))) == 1


def test_a_torn_line_stays_is_named_and_the_chain_goes_on(tmp_path) -> None:
    log = tmp_path / "custody.log"
    log.write_bytes(lines(EVENTS)[:-40])
    append(log, events_of(STORE, Act.OPENED, 88))
    named = faults(log.read_bytes())
    assert len(named) == 1
    assert "line 4 is torn" in named[0]


def test_an_empty_log_begins_at_one(tmp_path) -> None:
    append(tmp_path / "custody.log", EVENTS)
    assert (tmp_path / "custody.log").read_bytes() == lines(EVENTS)
    assert (tmp_path / "custody.log").stat().st_mode & 0o777 == 0o600


def test_the_campus_log_names_every_key_and_holds_none(campus) -> None:
    raw = (campus.data / "keys/custody.log").read_bytes()
    made = [json.loads(line) for line in raw.splitlines()]
    assert faults(raw) == []
    assert {(row["level"], row["kind"]) for row in made if row["act"] == "made"} == {
        (level, kind) for level in ("root", "region", "school") for kind in ("purchase", "load", "tac")
    } | {("school", "link"), ("school", "signing"), ("school", "authority")}
