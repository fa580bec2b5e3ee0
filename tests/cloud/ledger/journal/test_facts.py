"""Facts in the books: a code and parameters, one row per code and device; rows of before keep their text."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.ledger.cards.life import DeedKind
from cloud.ledger.fleet.epochs import _WORDS, AHEAD, REVOKED, TOO_MANY
from cloud.ledger.funds.grants import PAYERS
from cloud.ledger.held.releases import Side
from cloud.ledger.journal.facts import Notes, from_json, to_json
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.judge import Reason
from cloud.ledger.schema import migrate
from cloud.store.db import Database, open_database
from shared.facts import terms
from shared.facts.books import Mac3Wrong, RecordHeld, TtnTwoCards
from shared.facts.catalogue import words
from shared.facts.told import Level
from shared.wire.messages import Fact, decode_now_up, encode_now
from tests.cloud.ledger import campus as c


def told(ledger: Ledger, notes: Notes) -> list[tuple[str, str, object]]:
    with ledger.database.writing():
        notes.write(ledger.database, 5)
    return [(fact.code, fact.level, fact.told) for fact in Reader(ledger.database).facts()]


def test_many_of_a_code_and_device_are_one_row_with_their_number(ledger: Ledger) -> None:
    notes = Notes()
    for seq in (1, 2, 3):
        notes.tell(TtnTwoCards(seq), device=c.POS)
    notes.tell(TtnTwoCards(9), device=b"other!")
    assert told(ledger, notes) == [
        ("ttn-two-cards", "important", (("seq", 9),)),
        ("ttn-two-cards", "important", (("seq", 1), ("times", 3))),
    ]
    assert words("ttn-two-cards", Reader(ledger.database).facts()[1].told)[0] == "两张卡同一终端交易号：序号 1 ×3"


def test_a_level_is_the_kinds_own_unless_a_higher_one_is_given(ledger: Ledger) -> None:
    notes = Notes()
    notes.quarantined(Reason.WRONG_TAC, c.BOX, b"1", 1)
    notes.quarantined(Reason.FORK, c.BOX, b"2", 2, "why")
    notes.held(Reason.PSAM_MOVED, c.BOX, b"3", 3)
    notes.held(Reason.STOLEN, c.BOX, b"4", 4)
    notes.tell(RecordHeld("fork", 5), level=Level.NOTICE)
    assert told(ledger, notes)[::-1] == [
        ("record-quarantined", "important", (("reason", "wrong-tac"), ("seq", 1), ("why", ""))),
        ("record-quarantined", "urgent", (("reason", "fork"), ("seq", 2), ("why", "why"))),
        ("record-held", "important", (("reason", "psam-moved"), ("seq", 3))),
        ("stolen-used", "urgent", (("seq", 4),)),
        ("record-held", "notice", (("reason", "fork"), ("seq", 5))),
    ]


def test_what_a_newer_box_tells_is_kept_whole(ledger: Ledger) -> None:
    newer = Fact("new-code", "new-level", 7, c.POS, (("b", b"\0\xff"), ("a", -1), ("c", '文"\n'), ("d", True)))
    ledger.fact(c.BOX, decode_now_up(encode_now(newer)), 9)
    (fact,) = Reader(ledger.database).facts()
    assert (fact.code, fact.level, fact.at_ms, fact.told) == ("new-code", "general", 7, newer.told)
    assert words(fact.code, fact.told)[0] == 'new-code: b=00ff, a=-1, c=文"\n, d=True'


def test_frozen_params() -> None:
    params = Mac3Wrong(b"\x53\3").params()
    assert to_json((*params, ("times", 2), ("who", "张三"))) == '{"card":{"hex":"5303"},"times":2,"who":"张三"}'
    assert to_json(()) == "{}"


@given(st.dictionaries(st.text(min_size=1), st.one_of(st.integers(), st.booleans(), st.text(), st.binary())))
def test_params_there_and_back(params: dict[str, int | str | bytes]) -> None:
    told = tuple(params.items())
    found = from_json(to_json(told))
    assert found == told
    assert [type(value) for _, value in found] == [type(value) for _, value in told]


def test_every_word_that_the_ledger_tells_is_in_the_catalogue() -> None:
    silent = {"none", "unproven", "not-debited", "not-credited", "zero"}
    """No case of theirs is held or quarantined."""
    assert {reason.word for reason in Reason} - silent == set(terms.REASONS)
    assert {terms.word_of(kind.name) for kind in DeedKind} == set(terms.DEEDS)
    assert {*_WORDS.values(), AHEAD, REVOKED, TOO_MANY} == set(terms.REFUSALS)
    assert set(PAYERS) == set(terms.PAYERS)
    assert {str(side) for side in Side} == set(terms.SIDES)


@pytest.fixture
def old(dsn: str) -> Iterator[Database]:
    """A ledger of the schema before, with what it and a box of then have told."""
    database = open_database(dsn)
    migrate._upgrade(database, "0008")
    rows = [
        (1, 5, "urgent", "record-fork", "canteen-1", c.POS, "同号不同记录 / other bytes under epoch 1 seq 7 (+2)"),
        (2, 6, "notice", "hotlisted", "", b"", ""),
    ]
    with database.writing():
        database.insert("fact", "id, at_ms, level, code, box, device, text", rows)
    yield database
    database.close()


def test_rows_of_before_are_read_as_they_are_and_new_ones_follow(old: Database, dsn: str) -> None:
    ledger = open_ledger(dsn)
    ledger.set_hotlisted(c.card(1), True, c.NOW)
    found = Reader(ledger.database).facts()
    ledger.close()
    shown = [words(fact.code, fact.told)[1] for fact in found]
    assert shown == [
        f"put on the hotlist: card {c.card(1).hex()}",
        "hotlisted",
        "同号不同记录 / other bytes under epoch 1 seq 7 (+2)",
    ]
    assert [fact.at_ms for fact in found[1:]] == [6, 5]
    with old.reading():
        stored = old.run("SELECT id, text, params FROM fact ORDER BY id")
    assert [row[1:] for row in stored[:2]] == [
        ("同号不同记录 / other bytes under epoch 1 seq 7 (+2)", "{}"),
        ("", "{}"),
    ]
    assert stored[2][1] == ""
    assert json.loads(stored[2][2]) == {"case": "on", "card": {"hex": c.card(1).hex()}}
