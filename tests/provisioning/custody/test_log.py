"""The custody log: every key named, edits named, torn lines survive, no secret in it."""

import json

import pytest

from provisioning.custody.chain import (
    NOTE_MAX,
    START,
    WHO_MAX,
    Act,
    check_value,
    count,
    deed,
    events_of,
    faults,
    head,
    lines,
)
from provisioning.custody.log import TAIL_BYTES, append
from provisioning.keys.levels import MASTERS
from provisioning.keys.store import KeyKind, KeyStore, Level, StoredKey
from shared.errors import ConfigFault
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
    assert [fault.en for fault in faults(edited)] == ["line 3 does not follow the line before it"]
    assert len(faults(b"".join([rows[0], *rows[2:]]))) == 1
    assert len(faults(b"".join([rows[0], rows[0], *rows[1:]]))) == 1


def test_a_torn_line_stays_is_named_and_the_chain_goes_on(tmp_path) -> None:
    log = tmp_path / "custody.log"
    log.write_bytes(lines(EVENTS)[:-40])
    append(log, events_of(STORE, Act.OPENED, 88))
    named = faults(log.read_bytes())
    assert len(named) == 1
    assert "第 4 行残缺" in str(named[0])


def test_an_empty_log_begins_at_one(tmp_path) -> None:
    append(tmp_path / "custody.log", EVENTS)
    assert (tmp_path / "custody.log").read_bytes() == lines(EVENTS)
    assert (tmp_path / "custody.log").stat().st_mode & 0o777 == 0o600


def test_the_campus_log_names_every_key_and_holds_none(campus) -> None:
    raw = (campus.data / "keys/custody.log").read_bytes()
    made = [json.loads(line) for line in raw.splitlines()]
    assert faults(raw) == []
    assert {(row["level"], row["kind"]) for row in made if row["act"] == "made"} == {
        (level, kind) for level in ("root", "region", "school") for kind in MASTERS
    } | {("school", "link"), ("school", "signing"), ("school", "authority")}


def test_a_deed_says_who_and_what_and_is_no_key() -> None:
    raw = lines([deed(5, Act.BATCH, "王五", "autumn-1: 40")])
    assert json.loads(raw) == {
        "n": 1, "at": 5, "act": "batch", "level": "", "kind": "", "version": 0, "check": "",
        "who": "王五", "note": "autumn-1: 40", "before": START.hex(),
    }  # fmt: skip
    assert count(raw) == 1
    assert count(b"") == 0


def test_the_longest_line_is_found_again() -> None:
    longest = lines([deed(2**32 - 1, Act.BATCH, "\U00020000" * WHO_MAX, "\U00020000" * NOTE_MAX)], number=10**9)
    assert len(longest) < TAIL_BYTES


@pytest.mark.parametrize(
    ("who", "note"), [("x" * (WHO_MAX + 1), ""), ("", "x" * (NOTE_MAX + 1)), ("a\n", ""), ("", "\0")]
)
def test_texts_that_do_not_fit_a_line_are_refused(who, note) -> None:
    with pytest.raises(ConfigFault):
        deed(1, Act.STOCK, who, note)
