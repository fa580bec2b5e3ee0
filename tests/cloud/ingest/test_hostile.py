"""Any record a terminal could sign for, and any bytes at all, end as a verdict: a poison record must not stop a campus.

The TACs are genuine, so every strange field gets past the first line of defence.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cloud.keys.client import KeyClient
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.records.values import Now, Received
from shared.clocks.clock import MAX_SECONDS, date_time_bcd
from shared.ids import StoreId
from shared.purse.crypto import load_tac_input, purchase_tac_input, tac
from shared.records import (
    NO_TAC,
    VERSION,
    CounterKind,
    Flags,
    Kind,
    LoadRecord,
    Pair,
    Proof,
    PurchaseRecord,
    Record,
    Stored,
    encode,
)
from tests.cloud.campus import Campus, campus_now

U8, U16, U32 = st.integers(0, 0xFF), st.integers(0, 0xFFFF), st.integers(0, 0xFFFF_FFFF)
FEN = st.sampled_from([0, 1, 250, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF])
COUNTER = st.sampled_from([0, 1, 2, 3, 0x7FFF, 0xFFFF])
TIME = st.sampled_from([0, 1, MAX_SECONDS]) | U32
SEQ = st.sampled_from([1, 2, 3, 0xFFFF_FFFF])


@pytest.fixture
def desk(campus: Campus, keys_socket: Path) -> Iterator[tuple[Campus, Ledger, KeyClient]]:
    with closing(open_ledger(str(campus.data / "cloud" / "ledger.db"))) as ledger, KeyClient(keys_socket) as keys:
        yield campus, ledger, keys


@st.composite
def purchases(draw: st.DrawFn) -> PurchaseRecord:
    kind = draw(st.sampled_from([Kind.PURCHASE, Kind.UNPROVEN, Kind.RECOVERED, Kind.NOT_DEBITED]))
    proven = kind in (Kind.PURCHASE, Kind.RECOVERED)
    proof = draw(st.sampled_from([Proof.DEBIT, Proof.PROVE])) if proven else Proof.NONE
    flags = Flags(proof, CounterKind.OFFLINE, draw(st.sampled_from(Pair)), draw(st.booleans()), draw(st.booleans()))
    return PurchaseRecord(
        VERSION, kind, flags.to_int(), draw(SEQ), draw(U32), b"", draw(COUNTER), draw(U8), draw(U8), draw(FEN),
        draw(FEN), draw(TIME), 1, 0, NO_TAC, draw(st.binary(min_size=3, max_size=3)), draw(U16), draw(U16), draw(U16),
        draw(st.integers(-0x8000, 0x7FFF)), draw(U16),
    )  # type: ignore[arg-type]  # fmt: skip


@st.composite
def loads(draw: st.DrawFn) -> LoadRecord:
    kind = draw(st.sampled_from([Kind.LOAD, Kind.LOAD_UNPROVEN, Kind.LOAD_RECOVERED, Kind.NOT_CREDITED]))
    proof = Proof.DEBIT if kind in (Kind.LOAD, Kind.LOAD_RECOVERED) else Proof.NONE
    flags = Flags(proof, CounterKind.ONLINE, Pair.ALONE, draw(st.booleans()), draw(st.booleans()))
    return LoadRecord(
        VERSION, kind, flags.to_int(), draw(SEQ), draw(U32), b"", draw(COUNTER), draw(U8), draw(U8), draw(FEN),
        draw(FEN), draw(TIME), 1, 0, NO_TAC, draw(U16), draw(U16), draw(U16), draw(U16),
    )  # type: ignore[arg-type]  # fmt: skip


def signed(campus: Campus, record: Record, card: int, body: int, epoch: int) -> bytes:
    """The record of that card at that body, with a genuine TAC where its kind has one."""
    purse = campus.purses()[card]
    at = [*campus.bodies(), *campus.bodies("load"), *campus.bodies("validator")][body]
    stamp = date_time_bcd(record.time)
    if isinstance(record, PurchaseRecord):
        asked = purchase_tac_input(record.amount_fen, record.type, at.psam, record.ttn, stamp)
    else:
        after = (record.balance_fen + record.amount_fen) & 0xFFFF_FFFF
        asked = load_tac_input(after, record.counter, record.amount_fen, record.type, at.psam, stamp)
    proven = record.kind in (Kind.PURCHASE, Kind.RECOVERED, Kind.LOAD, Kind.LOAD_RECOVERED)
    made = tac(purse.keys.tac, asked) if proven else NO_TAC
    return Stored(at.device, epoch, at.psam, encode(record._replace(card=purse.row.card, tac=made))).to_bytes()


BODY, EPOCH = st.sampled_from([0, 13, 14]), st.sampled_from([0, 1, 0xFFFF])
STRANGE = st.tuples(purchases() | loads(), st.integers(0, 1), BODY, EPOCH)


def load_of(kind: Kind, seq: int, counter: int, fen: int) -> LoadRecord:
    proof = Proof.DEBIT if kind is Kind.LOAD else Proof.NONE
    flags = Flags(proof, CounterKind.ONLINE).to_int()
    return LoadRecord(VERSION, kind, flags, seq, seq, b"", counter, 2, 33, fen, 0, 1, 1, 0, NO_TAC, 0, 0, 0, 0)  # type: ignore[arg-type]


UNPROVEN_OF_NOTHING = [(load_of(Kind.LOAD_UNPROVEN, 1, 1, 0), 0, 13, 1), (load_of(Kind.LOAD, 2, 2, 5), 0, 13, 1)]
"""Once ended the ledger: an unproven load of 0 fen, confirmed by the card's next counter."""


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(STRANGE | st.binary(max_size=264), min_size=1, max_size=8),
    st.integers(1, 2**62 - 1),
    st.sampled_from(["canteen-1", "bus-1", "nobody"]),
)
@example(UNPROVEN_OF_NOTHING, 1, "canteen-1")
@example([b"", b"\0" * 14, b"\0" * 22, b"\0" * 264], 1, "canteen-1")
def test_every_record_ends_as_a_verdict(
    desk: tuple[Campus, Ledger, KeyClient], drawn: list[object], first_row: int, box: str
) -> None:
    campus, ledger, keys = desk
    records = tuple(raw if isinstance(raw, bytes) else signed(campus, *raw) for raw in drawn)  # type: ignore[misc]
    received = Received(box, 5, StoreId(b"store--1"), first_row, records)  # type: ignore[arg-type]
    for _ in range(2):
        (ack,) = ledger.receive([received], keys.check_tac, Now(1_784_000_000_000, campus_now()))
        assert (ack.box, ack.store) == (box, received.store)
