"""Somebody has opened a box and signs voids with the key of a terminal of its: a forged void moves no money.

At the end of a day, when all has drained, voids of every form come for what one till has sold: by PIN alone, as of a
torn payment, with the numbers of an operator card and of the card that paid, which he has not.
"""

from typing import TYPE_CHECKING

from cloud.ledger.records.values import Received
from shared.errors import WireFault
from shared.ids import BoxId, StoreId, partition_of
from shared.keys.terminal_mac import mac_input, terminal_mac
from shared.records import (
    MAC_SIZE,
    PROVEN,
    Cause,
    CounterKind,
    Flags,
    Kind,
    Proof,
    PurchaseRecord,
    Stored,
    VoidRecord,
    Witness,
    decode,
    encode,
    parse_stored,
)
from tests.sim.world import Violation

if TYPE_CHECKING:
    from tests.sim.campus import Campus
    from tests.sim.terminal_part import TerminalPart

FORGED_MAX = 20
FAR = 10_000
"""Sequence numbers that the terminal itself has not come to."""
STORE = StoreId(b"forger--")


def forge_voids(campus: "Campus") -> None:
    """Violation when any balance is another one afterwards."""
    till = campus.world.random.choice(campus.crowd.tills)
    ingest, before = campus.ingest, dict(campus.judge.books.balances)
    forged = [bytes_ for sale in _sales(campus, till) for bytes_ in _voids(campus, till, sale)]
    if ingest.ledger is None or not forged:
        return
    box = BoxId(till.made.box)
    batch = Received(box, partition_of(box), STORE, 1, tuple(forged))
    ingest.ledger.receive([batch], ingest.keys.check_tac, ingest.now())
    campus.judge.ledger_committed(ingest.database)
    moved = {code for code, fen in campus.judge.books.balances.items() if fen != before.get(code, 0)}
    if moved:
        raise Violation("forged-void", f"{len(forged)} forged voids of {till.name} have moved {min(moved)}")


def _sales(campus: "Campus", till: "TerminalPart") -> list[Stored]:
    """The newest proven purchases of this body that the ledger has."""
    rows = campus.ingest.database.execute("SELECT stored FROM record WHERE verdict = 1 ORDER BY id DESC")
    found = (parse_stored(stored) for (stored,) in rows)
    return [one for one in found if one.device == till.device and _sale(one) is not None][:FORGED_MAX]


def _sale(one: Stored) -> PurchaseRecord | None:
    try:
        record = decode(one.wire)
    except WireFault:
        return None
    return record if isinstance(record, PurchaseRecord) and record.kind in PROVEN and record.amount_fen else None


def _voids(campus: "Campus", till: "TerminalPart", one: Stored) -> list[bytes]:
    sale = _sale(one)
    if sale is None:
        return []
    guess = campus.world.bytes(MAC_SIZE)
    forms = (
        (Kind.VOID, Cause.CASHIER, None), (Kind.VOID, Cause.TORN_PAIR, None),
        (Kind.WITNESSED_VOID, Cause.OPERATOR, Witness(campus.plan.operator.card, 1, guess)),
        (Kind.WITNESSED_VOID, Cause.SAME_CARD, Witness(sale.card, 1, guess)),
    )  # fmt: skip
    return [_signed(till, one, sale, FAR * (n + 1), *form) for n, form in enumerate(forms)]


def _signed(
    till: "TerminalPart", one: Stored, sale: PurchaseRecord, ahead: int, kind: Kind, cause: Cause, by: Witness | None
) -> bytes:
    """With the terminal's own key, in time, under a number that was never used."""
    flags = Flags(Proof.NONE, CounterKind.OFFLINE).to_int()
    made = VoidRecord(
        1, kind, flags, sale.seq + ahead, sale.ttn, sale.card, sale.counter, sale.purse, sale.amount_fen,
        sale.time + 60, cause, till.made.settings.key_version, 0, 1, 1, ahead, bytes(MAC_SIZE), by,
    )  # fmt: skip
    before = one._replace(wire=encode(made)).to_bytes()[:-MAC_SIZE]
    return before + terminal_mac(till.made.settings.key, mac_input(before))
