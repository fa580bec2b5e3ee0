"""A small campus for the ledger's tests: real keys, real TACs, and records as terminals write them."""

from dataclasses import dataclass, field

from cloud.ledger.journal.facts import from_json
from cloud.ledger.ledger import Ledger
from cloud.ledger.records.values import Now, Received
from shared.clocks.clock import date_time_bcd
from shared.ids import BoxId, CardId, DeviceId, LedgerId, PsamId, StoreId, person_id
from shared.inventory import BoxRow, CardRow, DeviceKind, DeviceRow, Inventory, PsamRow
from shared.keys.terminal_mac import mac_input, terminal_mac
from shared.online import LoadRequest, PaymentAnswer, Purpose
from shared.purse.crypto import (
    TYPE_CAPP_PURCHASE,
    TYPE_EP_LOAD,
    Key,
    diversify,
    encrypt_block,
    load_tac_input,
    purchase_tac_input,
    tac,
)
from shared.purse.tac import OPERATOR, WITNESS, TacChecker, challenge_of, mac_of
from shared.records import (
    MAC_SIZE,
    NO_TAC,
    WITNESS_SIZE,
    Cause,
    CounterKind,
    Flags,
    Kind,
    LoadRecord,
    MealRecord,
    Pair,
    PaymentRecord,
    Proof,
    PurchaseRecord,
    Record,
    Stored,
    VoidRecord,
    Witness,
    encode,
    purse_byte,
)
from shared.wire.messages import FORM_1, AckBody, OnlineRequest

ISSUER = b"\x10\x01"
MASTER = Key(bytes(range(16)))
DAY_S = 86_400
T0 = 9_700 * DAY_S + 11 * 3600
"""A Thursday of 2026, 11:00, in campus seconds."""
NOW = Now(1_784_000_000_000, T0)
ISSUED = 9_000 * DAY_S
BOX, OTHER_BOX = BoxId("canteen-1"), BoxId("canteen-2")
PARTITION, OTHER_PARTITION = 5, 9
STORE, OTHER_STORE = StoreId(b"store--1"), StoreId(b"store--2")
LEDGER_ID = LedgerId(b"ledger-1")
PURSE, SUBSIDY = purse_byte(0, 2, 1), purse_byte(1, 2, 1)
OPENING = 10_000


def later(ms: int = 0, *, seconds: int = 0) -> Now:
    """So long after NOW, by both clocks."""
    ms += seconds * 1000
    return Now(NOW.unix_ms + ms, NOW.campus_s + ms // 1000)


def card(n: int) -> CardId:
    return CardId(ISSUER + b"\x00\x00\x20\x26" + n.to_bytes(4, "big"))


def device(n: int) -> DeviceId:
    return DeviceId(b"\x00\x01" + n.to_bytes(4, "big"))


def psam(n: int) -> PsamId:
    return PsamId(b"\x50\x00" + n.to_bytes(4, "big"))


POS, POS2, FAR, LOADER = device(1), device(2), device(3), device(9)


def inventory(cards: int = 8, number: int = 1, **changed: object) -> Inventory:
    """Two windows and a load machine at BOX, one body at OTHER_BOX. PSAM n is in device n."""
    rows = tuple(
        CardRow(card(n), f"{n:04d}", "campus", 1, 0, 1, n, ISSUED, ISSUED + 5_000 * DAY_S, OPENING)
        for n in range(1, cards + 1)
    )
    psams = tuple(PsamRow(psam(n), device(n), ISSUED) for n in (1, 2, 3, 9))
    devices = (
        DeviceRow(POS, DeviceKind.POS, BOX, "pos-01", "1号窗口", "一楼大伙"),
        DeviceRow(POS2, DeviceKind.POS, BOX, "pos-02", "2号窗口", "面点"),
        DeviceRow(FAR, DeviceKind.POS, OTHER_BOX, "pos-03", "3号窗口", "面点"),
        DeviceRow(LOADER, DeviceKind.LOAD_MACHINE, BOX, "load-01", "大厅", "充值"),
    )
    boxes = (BoxRow(BOX, PARTITION, "第一食堂", b""), BoxRow(OTHER_BOX, OTHER_PARTITION, "第二食堂", b""))
    made = {
        "number": number, "campus": 1, "name": "演示校园", "demo": True, "issued": ISSUED, "cards": rows,
        "psams": psams, "devices": devices, "boxes": boxes,
    }  # fmt: skip
    return Inventory(**(made | changed))  # type: ignore[arg-type]


def checker() -> TacChecker:
    return TacChecker(
        {(ISSUER, 1): MASTER},
        terminals=lambda version, who, covered: terminal_mac(k_term(who), covered) if version == 1 else None,
        cards={OPERATOR: _said_by, WITNESS: _said_by},
    )


def _said_by(version: int, who: bytes, covered: bytes) -> bytes | None:
    return mac_of(encrypt_block(own_key(who), covered)) if version == 1 else None


def own_key(of: bytes) -> Key:
    """Of an operator card, or that by which a card proves itself."""
    return Key(of.rjust(16, b"o"))


BOSS = CardId(ISSUER + bytes.fromhex("00002026f0000001"))
"""A supervisor's operator card."""


def k_term(of: bytes) -> bytes:
    """Each body's own key."""
    return of.rjust(16, b"k")


def check_tac(items: bytes) -> bytes:
    return _CHECKER.check(items)


_CHECKER = checker()


def dtk(of: CardId) -> Key:
    return diversify(MASTER, of[2:])


def purchase(
    seq: int, of: CardId, counter: int, fen: int, balance: int, *, at: DeviceId = POS, chip: PsamId | None = None,
    ttn: int | None = None, time: int = T0, kind: Kind = Kind.PURCHASE, linked: int = 0, tac_of: bytes | None = None,
    purse: int = PURSE, trip: bytes = b"", pair: Pair = Pair.ALONE,
) -> PurchaseRecord:  # fmt: skip
    """As the terminal writes it, with the card's true TAC."""
    chip = chip or psam(at[-1])
    ttn = seq if ttn is None else ttn
    proven = kind in (Kind.PURCHASE, Kind.COMPOSITE, Kind.RECOVERED)
    proof = {Kind.PURCHASE: Proof.DEBIT, Kind.COMPOSITE: Proof.DEBIT, Kind.RECOVERED: Proof.PROVE}.get(kind, Proof.NONE)
    asked = purchase_tac_input(fen, TYPE_CAPP_PURCHASE, chip, ttn, date_time_bcd(time))
    made = tac(dtk(of), asked) if proven else NO_TAC
    return PurchaseRecord(
        1, kind, Flags(proof, CounterKind.OFFLINE, pair).to_int(), seq, ttn, of, counter, TYPE_CAPP_PURCHASE, purse,
        fen, balance, time, 1, 0, tac_of or made, bytes(3), 0, 1, 1, 0, linked, trip,
    )  # fmt: skip


def void(
    seq: int, of: PurchaseRecord, *, at: DeviceId = POS, epoch: int = 1, signed_by: DeviceId | None = None,
    time: int = T0, by: CardId = BOSS, said_by: CardId | None = None, **changed: object,
) -> bytes:
    """Stored bytes of the void of a purchase, as its witness and then the terminal sign them."""
    cause = Cause.SAME_CARD if by == of.card else Cause.OPERATOR
    made = _void(seq, of, Kind.WITNESSED_VOID, cause, time)
    made = made._replace(witness=Witness(by, 1, bytes(MAC_SIZE)))._replace(**changed)
    covered = Stored(at, epoch, psam(at[-1]), encode(made)).to_bytes()[: -MAC_SIZE - WITNESS_SIZE]
    said = mac_of(encrypt_block(own_key(said_by or by), challenge_of(covered)))
    made = made._replace(witness=made.witness and made.witness._replace(mac=said))
    return _signed(made, at, epoch, signed_by or at)


def void_by_pin(
    seq: int, of: PurchaseRecord, *, cause: Cause = Cause.CASHIER, at: DeviceId = POS, time: int = T0
) -> bytes:
    """The same of release 0.1, for which the terminal alone stands; or of a payment that was torn."""
    return _signed(_void(seq, of, Kind.VOID, cause, time), at, 1, at)


def _void(seq: int, of: PurchaseRecord, kind: Kind, cause: Cause, time: int) -> VoidRecord:
    flags = Flags(Proof.NONE, CounterKind.OFFLINE).to_int()
    return VoidRecord(
        1, kind, flags, seq, of.ttn, of.card, of.counter, of.purse, of.amount_fen, time, cause, 1, 0, 1, 1,
        seq - of.seq, bytes(MAC_SIZE),
    )  # fmt: skip


def _signed(made: VoidRecord, at: DeviceId, epoch: int, by: DeviceId) -> bytes:
    before = Stored(at, epoch, psam(at[-1]), encode(made)).to_bytes()[:-MAC_SIZE]
    return before + terminal_mac(k_term(by), mac_input(before))


def payment(
    seq: int, request: int, kind: Kind, fen: int = 1250, *, of: CardId | None = None, at: DeviceId = POS,
    signed_by: DeviceId | None = None,
) -> bytes:  # fmt: skip
    """Stored bytes of what a terminal says of an account payment, as it signs them. of: card 1, if no other."""
    flags = Flags(Proof.NONE, CounterKind.ONLINE, online=True).to_int()
    made = PaymentRecord(1, kind, flags, seq, request, of or card(1), fen, T0, 1, 0, 1, 1, 0, bytes(MAC_SIZE))
    before = Stored(at, 1, psam(at[-1]), encode(made)).to_bytes()[:-MAC_SIZE]
    return before + terminal_mac(k_term(signed_by or at), mac_input(before))


def meal(
    seq: int, number: str, fen: int = 1500, *, meal: int = 2, at: DeviceId = POS, signed_by: DeviceId | None = None,
    time: int = T0, taken: int = 1, epoch: int = 1,
) -> bytes:  # fmt: skip
    """Stored bytes of an emergency meal, as its till signs them."""
    flags = Flags(Proof.NONE, CounterKind.OFFLINE).to_int()
    made = MealRecord(
        1, Kind.MEAL, flags, seq, person_id(number), meal, taken, fen, time, 1, 0, 1, 1, 0, bytes(MAC_SIZE)
    )
    before = Stored(at, epoch, psam(at[-1]), encode(made)).to_bytes()[:-MAC_SIZE]
    return before + terminal_mac(k_term(signed_by or at), mac_input(before))


def pay(
    ledger: Ledger, request: int, fen: int = 1250, *, of: CardId | None = None, at: DeviceId = POS, box: BoxId = BOX,
    is_there: bool = True, until_ms: int = 0, now: Now = NOW,
) -> PaymentAnswer:  # fmt: skip
    """What the ledger says to an account payment of a card whose MAC1 was checked. of: card 1, if no other."""
    asked = LoadRequest(of or card(1), 1, 0, fen, TYPE_EP_LOAD, 1, 0, 1, bytes(4), b"mac1", Purpose.PAYMENT)
    online = OnlineRequest(at, 1, psam(at[-1]), request, asked.to_bytes(), until_ms)
    return ledger.payment_authorise(box, online, asked, is_there, now)


def load(
    seq: int, of: CardId, counter: int, fen: int, balance: int, *, request: int, at: DeviceId = LOADER,
    time: int = T0, kind: Kind = Kind.LOAD, linked: int = 0, claim: bool = False,
) -> LoadRecord:  # fmt: skip
    """As the load machine writes it, with the card's true TAC."""
    proven = kind in (Kind.LOAD, Kind.LOAD_RECOVERED)
    proof = {Kind.LOAD: Proof.DEBIT, Kind.LOAD_RECOVERED: Proof.PROVE}.get(kind, Proof.NONE)
    asked = load_tac_input(balance + fen, counter, fen, TYPE_EP_LOAD, psam(at[-1]), date_time_bcd(time))
    return LoadRecord(
        1, kind, Flags(proof, CounterKind.ONLINE, claim=claim).to_int(), seq, request, of, counter, TYPE_EP_LOAD, PURSE,
        fen, balance, time, 1, 0, tac(dtk(of), asked) if proven else NO_TAC, 0, 1, 1, linked,
    )  # fmt: skip


def stored(record: Record, at: DeviceId | None = None, epoch: int = 1, chip: PsamId | None = None) -> bytes:
    """Bytes as the edge keeps them."""
    where = at or (LOADER if isinstance(record, LoadRecord) else POS)
    return Stored(where, epoch, chip or psam(where[-1]), encode(record)).to_bytes()


def load_request(
    of: CardId, counter: int, fen: int, balance: int, *, request: int, at: DeviceId = LOADER, salt: int = 0,
    purpose: Purpose = Purpose.LOAD,
) -> tuple[OnlineRequest, LoadRequest]:
    """What a load machine asks; MAC1 is checked elsewhere and told to the ledger as a fact."""
    asked = LoadRequest(of, counter, balance, fen, TYPE_EP_LOAD, 1, 0, 1, salt.to_bytes(4, "big"), b"mac1", purpose)
    return OnlineRequest(at, 1, psam(at[-1]), request, asked.to_bytes()), asked


@dataclass
class Box:
    """A box that sends rows one after the other."""

    ledger: Ledger
    box: BoxId = BOX
    partition: int = PARTITION
    store: StoreId = STORE
    row: int = 0
    form: int = FORM_1
    sent: list[tuple[int, tuple[bytes, ...]]] = field(default_factory=list)

    def batch(self, *records: bytes) -> Received:
        first = self.row + 1
        self.row += len(records)
        self.sent.append((first, records))
        return Received(self.box, self.partition, self.store, first, records, self.form)

    def send(self, *records: bytes, now: Now = NOW) -> AckBody:
        (ack,) = self.ledger.receive([self.batch(*records)], check_tac, now)
        return ack

    def again(self, now: Now = NOW) -> list[AckBody]:
        batches = [
            Received(self.box, self.partition, self.store, first, records, self.form) for first, records in self.sent
        ]
        return self.ledger.receive(batches, check_tac, now)


def balances(ledger: Ledger) -> dict[str, int]:
    """Debit surplus of every account that moved, by its code, zeros left out."""
    with ledger.database.reading():
        rows = ledger.database.run(
            "SELECT a.code, CAST(SUM(m.fen) AS BIGINT) FROM (SELECT debit AS account, fen FROM posting UNION ALL "
            "SELECT credit, -fen FROM posting) m JOIN account a ON a.id = m.account GROUP BY a.code"
        )
    return {code: fen for code, fen in rows if fen}


def purse(ledger: Ledger, of: CardId) -> int:
    """What the books say is in a card."""
    return -balances(ledger).get(f"purse:{of.hex()}", 0)


def merchant(ledger: Ledger, name: str = "一楼大伙") -> int:
    return -balances(ledger).get(f"merchant:{name}", 0)


def held(ledger: Ledger, name: str = "一楼大伙") -> int:
    return -balances(ledger).get(f"held:{name}", 0)


def verdicts(ledger: Ledger) -> list[tuple[int, int]]:
    """(verdict, reason) of each record in the books, in order."""
    with ledger.database.reading():
        return [tuple(row) for row in ledger.database.run("SELECT verdict, reason FROM record ORDER BY id")]


def rows(ledger: Ledger, sql: str) -> list[tuple[object, ...]]:
    """What a query of a test finds."""
    with ledger.database.reading():
        return [tuple(row) for row in ledger.database.run(sql)]


def codes(ledger: Ledger) -> dict[str, str]:
    """Codes of the facts so far, and their level."""
    with ledger.database.reading():
        return dict(ledger.database.run("SELECT code, level FROM fact ORDER BY id"))


def facts(ledger: Ledger, code: str) -> list[dict[str, object]]:
    """The facts of this code: their parameters, box and device."""
    with ledger.database.reading():
        rows = ledger.database.run("SELECT params, box, device FROM fact WHERE code = ? ORDER BY id", (code,))
    return [{**dict(from_json(params)), "box": box, "device": device} for params, box, device in rows]


def entry_kinds(ledger: Ledger) -> list[int]:
    with ledger.database.reading():
        return [kind for (kind,) in ledger.database.run("SELECT kind FROM entry WHERE kind > 1 ORDER BY id")]
