"""The kinds of records: one description each, and the classes that they come in. RECORDS.md "Bytes". Pure.

A new kind is its number, its class and shape where no other kind's fit, and its description with an example. Codec,
length check, its row in docs/records.md, its bytes in tests/vectors, its seed in tests/fuzz and the console's word
follow; what it does to the books stands in the ledger (cloud/ledger/records/judge.py), and a terminal writes it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any, Generic, NamedTuple

from shared.errors import WireFault
from shared.ids import CardId, person_id, person_number
from shared.records.bits import CounterKind, Flags, Proof, purse_byte
from shared.records.shape import Part, Presence, R, Shape
from shared.records.widths import parsed, struct_of
from shared.words.voice import Text

VERSION = 1
MAC_SIZE = 4
NO_TAC = b"\0\0\0\0"


class Kind(IntEnum):
    """Record kinds. Numbers without a description here are reserved by RECORDS.md for later."""

    PURCHASE = 1
    LOAD = 2
    UNLOAD = 3
    COMPOSITE = 4
    VOID = 5
    DECLINE = 6
    UNPROVEN = 7
    RECOVERED = 8
    NOT_DEBITED = 9
    ONLINE = 10
    CODE = 11
    """脱机付款码: a phone's code that was taken without a network."""
    SHIFT_SLIP = 12
    LOAD_UNPROVEN = 13
    LOAD_RECOVERED = 14
    NOT_CREDITED = 15
    WITNESSED_VOID = 16
    """A void 撤销 of form 2: a card stands for it, too."""
    REVERSAL = 17
    """冲正 of an account payment: what the terminal never heard an answer to counts as not paid."""
    MEAL = 18
    """应急餐: a meal without a card, by the number of who eats it."""


class Worth(Enum):
    """What stands for a record, and by that what the ledger makes of it."""

    TAC = "tac"
    """The card: its debit or credit is posted."""
    MAC = "mac"
    """The terminal, whose MAC it ends with: it waits for the record that it names, says how what it asked ended, or is
    its word of a meal that it gave out, or of a phone's code that it took."""
    OPEN = "open"
    """Nothing yet 灰记录: it waits for the card."""
    WORD = "word"
    """Nothing but the terminal's word, of what has not happened: no entry."""


class Cause(IntEnum):
    """Why a purchase is void 撤销."""

    CASHIER = 1
    """The cashier takes back the last sale, by PIN alone. Terminals of release 0.1 write it."""
    TORN_PAIR = 2
    """A mixed payment was torn between its two purchases: what was paid is given back."""
    OPERATOR = 3
    """A supervisor takes back a sale of the shift; the witness is his operator card 主管卡."""
    SAME_CARD = 4
    """The cashier takes back the newest sale, for its holder; the witness is the card that paid, tapped again."""


class PurchaseRecord(NamedTuple):
    """Kinds purchase, composite, unproven, recovered, not debited: 57 bytes, big-endian, in this order.

    trip: 12 bytes more, of a composite purchase 复合消费 and what follows from one (shared.transit.trip); else empty.

    counter: as INIT answered (before the debit). balance: fen as read before the debit. time: unsigned
    seconds since 2000-01-01, campus local. purse: application 2 bits (0 main, 1 subsidy) | 1 ED / 2 EP
    2 bits | key id 4 bits. linked: seq − seq of the record that this one settles, 0 = none.
    hotlist_version and parameter_version: low 16 bits.
    """

    version: int
    kind: int
    flags: int
    seq: int
    ttn: int
    card: CardId
    counter: int
    type: int
    purse: int
    amount_fen: int
    balance_fen: int
    time: int
    key_version: int
    algorithm: int
    tac: bytes
    overdraft: bytes
    operator: int
    hotlist_version: int
    parameter_version: int
    price_adjust_fen: int
    linked: int
    trip: bytes = b""


class LoadRecord(NamedTuple):
    """Kinds load, load unproven, load recovered, not credited: 52 bytes, big-endian, in this order.

    request: the terminal's own number of the online request; (device, epoch, request) names the load case.
    counter: the online counter before the load; balance: fen before it; time: the host time that MAC2 and
    TAC cover.
    """

    version: int
    kind: int
    flags: int
    seq: int
    request: int
    card: CardId
    counter: int
    type: int
    purse: int
    amount_fen: int
    balance_fen: int
    time: int
    key_version: int
    algorithm: int
    tac: bytes
    operator: int
    hotlist_version: int
    parameter_version: int
    linked: int


class Witness(NamedTuple):
    """A card that stands for a void, 15 bytes: which it is, and its MAC over the stored bytes before it."""

    card: CardId
    key_version: int
    mac: bytes

    def to_bytes(self) -> bytes:
        """As it stands in a void."""
        return _WITNESS_BYTES.pack(*self)

    @classmethod
    def from_bytes(cls, raw: bytes) -> "Witness":
        """Of these 15 bytes."""
        return cls._make(_WITNESS_BYTES.unpack(raw))


class VoidRecord(NamedTuple):
    """Kinds void 撤销 (47 bytes) and witnessed void (62), big-endian, in this order; the witness stands before the mac.

    The card is not touched: what it paid waits for its purse. It names the purchase, recovered or not, by linked (seq −
    its seq, never 0) and repeats its card, purse, counter, ttn and sum. time: of the void. mac: of the terminal
    (shared.keys.terminal_mac) over the stored bytes before it, the witness included.
    """

    version: int
    kind: int
    flags: int
    seq: int
    ttn: int
    card: CardId
    counter: int
    purse: int
    amount_fen: int
    time: int
    cause: int
    key_version: int
    operator: int
    hotlist_version: int
    parameter_version: int
    linked: int
    mac: bytes
    witness: Witness | None = None


class PaymentRecord(NamedTuple):
    """Kinds online 账户支付 and reversal 冲正: 43 bytes, big-endian, in this order.

    The card is not touched: the online account pays, and the answer to the request has moved the money. request: its
    number; (device, epoch, request) names the payment, and of each there is one record, which says how it ended at the
    terminal. linked: always 0. mac: of the terminal (shared.keys.terminal_mac) over the stored bytes before it.
    """

    version: int
    kind: int
    flags: int
    seq: int
    request: int
    card: CardId
    amount_fen: int
    time: int
    key_version: int
    operator: int
    hotlist_version: int
    parameter_version: int
    linked: int
    mac: bytes


class MealRecord(NamedTuple):
    """Kind emergency meal 应急餐: 41 bytes, big-endian, in this order.

    card: who eats, in the place of a card: FFFF and the person's number (shared.ids.person_id). meal: the meal period
    by the terminal's parameters. taken: how many such meals this terminal knew of this person's in this week, with
    this one. linked: always 0. mac: of the terminal (shared.keys.terminal_mac) over the stored bytes before it.
    """

    version: int
    kind: int
    flags: int
    seq: int
    card: CardId
    meal: int
    taken: int
    amount_fen: int
    time: int
    key_version: int
    operator: int
    hotlist_version: int
    parameter_version: int
    linked: int
    mac: bytes


class CodeRecord(NamedTuple):
    """Kind offline code 脱机付款码: 110 bytes, big-endian, in this order.

    card, certificate: whose phone, as the code's certificate says (shared.keys.offline_code); use, nonce, signature: as
    the phone signed them, with the time at which it made the code: time − age_s, for a phone's clock may be ahead of
    the terminal's. mac: of the terminal (shared.keys.terminal_mac) over the stored bytes before it: it stands for the
    sum, the phone's signature for who showed the code.
    """

    version: int
    kind: int
    flags: int
    seq: int
    card: CardId
    certificate: int
    use: int
    age_s: int
    nonce: bytes
    signature: bytes
    amount_fen: int
    time: int
    key_version: int
    operator: int
    parameter_version: int
    mac: bytes

    @property
    def made_s(self) -> int:
        """When the phone made the code, by its own clock: campus seconds."""
        return self.time - self.age_s

    @property
    def linked(self) -> int:
        """It settles no other record."""
        return 0


PurseRecord = PurchaseRecord | LoadRecord
"""What a purse of a card has done, or may have: with its counter and balance before."""
CountedRecord = PurseRecord | VoidRecord
"""What names a counter of a card."""
PurselessRecord = PaymentRecord | MealRecord | CodeRecord
"""What touches no purse: an account has paid, or owes."""
Record = CountedRecord | PurselessRecord
"""Any kind's. Every class has the head, card, amount_fen, time and linked; who needs more asks for one that has it."""


@dataclass(frozen=True, slots=True)
class Description(Generic[R]):
    """One kind of records. part: does it hold its shape's part? rule: WireFault for what its bytes may not say.

    words: its name, as people read it. counter: the counter of the card that it counts, by its flags.
    """

    kind: Kind
    words: Text
    shape: Shape[R]
    worth: Worth
    example: R
    counter: CounterKind = CounterKind.OFFLINE
    part: Presence = Presence.NEVER
    rule: Callable[[R], None] | None = None


_WITNESS = "card 10s, key_version B, mac 4s"
_WITNESS_BYTES = struct_of(parsed(_WITNESS))
_HEAD = "version B, kind B, flags H, seq I, "
PURCHASE = Shape(
    PurchaseRecord._make,
    _HEAD + "ttn I, card 10s, counter H, type B, purse B, amount_fen I, balance_fen I, time I, key_version B, "
    "algorithm B, tac 4s, overdraft 3s, operator H, hotlist_version H, parameter_version H, price_adjust_fen h, "
    "linked H",
    Part("trip", "trip 12s", absent=b""),
)
LOAD = Shape(
    LoadRecord._make,
    _HEAD + "request I, card 10s, counter H, type B, purse B, amount_fen I, balance_fen I, time I, key_version B, "
    "algorithm B, tac 4s, operator H, hotlist_version H, parameter_version H, linked H",
)
VOID = Shape(
    VoidRecord._make,
    _HEAD + "ttn I, card 10s, counter H, purse B, amount_fen I, time I, cause B, key_version B, operator H, "
    "hotlist_version H, parameter_version H, linked H, mac 4s",
    Part("witness", _WITNESS, None, Witness.to_bytes, Witness.from_bytes, before="mac"),
)
PAYMENT = Shape(
    PaymentRecord._make,
    _HEAD + "request I, card 10s, amount_fen I, time I, key_version B, operator H, hotlist_version H, "
    "parameter_version H, linked H, mac 4s",
)
MEAL = Shape(
    MealRecord._make,
    _HEAD + "card 10s, meal B, taken B, amount_fen I, time I, key_version B, operator H, hotlist_version H, "
    "parameter_version H, linked H, mac 4s",
)
CODE = Shape(
    CodeRecord._make,
    _HEAD + "card 10s, certificate I, use B, age_s h, nonce 4s, signature 64s, amount_fen I, time I, key_version B, "
    "operator H, parameter_version H, mac 4s",
)


def _void(record: VoidRecord) -> None:
    _require_cause(record, _BY_PIN)


def _witnessed_void(record: VoidRecord) -> None:
    _require_cause(record, _BY_CARD)
    is_own = record.witness is not None and record.witness.card == record.card
    if is_own != (record.cause == Cause.SAME_CARD):
        raise WireFault("the card that paid stands for a void of its own, or another one for a supervisor's")


def _payment(record: PaymentRecord) -> None:
    if record.linked or not record.amount_fen or not record.request:
        raise WireFault("an account payment without a sum or a request, or linked to another record")


def _meal(record: MealRecord) -> None:
    person_number(record.card)
    if record.linked or not record.amount_fen or not record.taken:
        raise WireFault("an emergency meal without a sum or a count, or linked to another record")


def _code(record: CodeRecord) -> None:
    if not record.certificate or not record.use or not record.amount_fen:
        raise WireFault("an offline code without a certificate, a use or a sum")


def _require_cause(record: VoidRecord, causes: frozenset[Cause]) -> None:
    if record.cause not in causes:
        raise WireFault(f"void for cause {record.cause}")
    if not 0 < record.linked < record.seq:
        raise WireFault("a void that names no purchase")


_BY_PIN = frozenset({Cause.CASHIER, Cause.TORN_PAIR})
_BY_CARD = frozenset({Cause.OPERATOR, Cause.SAME_CARD})
_CARD = CardId(bytes.fromhex("00010000000000004711"))
_EP = purse_byte(0, 2, 1)
_SALE = PurchaseRecord(
    VERSION, Kind.PURCHASE, Flags(Proof.DEBIT, CounterKind.OFFLINE).to_int(), 7, 0x12A7, _CARD, 0x4D, 9, _EP,
    1250, 9875, 0x2F0A1B2C, 1, 0, bytes.fromhex("0DEA51C3"), b"\0\0\0", 3, 1, 1, -50, 0,
)  # fmt: skip
_LOADED = LoadRecord(
    VERSION, Kind.LOAD, Flags(Proof.DEBIT, CounterKind.ONLINE, online=True).to_int(), 8, 5, _CARD, 0x13, 2, _EP,
    20000, 9875, 0x2F0A1B2C, 1, 0, bytes.fromhex("BFB64611"), 0, 1, 1, 0,
)  # fmt: skip
_VOIDED = VoidRecord(
    VERSION, Kind.VOID, Flags(Proof.NONE, CounterKind.OFFLINE).to_int(), 9, 0x12A7, _CARD, 0x4D, purse_byte(1, 2, 1),
    1250, 0x2F0A1B40, Cause.CASHIER, 1, 3, 1, 1, 2, bytes.fromhex("C0FFEE11"),
)  # fmt: skip
_PAID = PaymentRecord(
    VERSION, Kind.ONLINE, Flags(Proof.NONE, CounterKind.ONLINE, online=True).to_int(), 10, 6, _CARD, 1250, 0x2F0A1B40,
    1, 3, 1, 1, 0, bytes.fromhex("C0FFEE12"),
)  # fmt: skip
_EATEN = MealRecord(
    VERSION, Kind.MEAL, Flags(Proof.NONE, CounterKind.OFFLINE).to_int(), 12, person_id("202601017"), 2, 1, 1500,
    0x2F0A1B40, 1, 3, 1, 1, 0, bytes.fromhex("C0FFEE13"),
)  # fmt: skip
_SHOWN = CodeRecord(
    VERSION, Kind.CODE, Flags(Proof.NONE, CounterKind.OFFLINE).to_int(), 11, _CARD, 77, 1, -5, b"nonc",
    bytes(range(64)), 1250, 0x2F0A1B40, 1, 3, 1, bytes.fromhex("C0FFEE14"),
)  # fmt: skip
_TRIP = bytes.fromhex("000C000701220003000200C8")
_SUPERVISOR = Witness(CardId(bytes.fromhex("000100010001F0000001")), 1, bytes.fromhex("19BC6BD4"))


def _sale(kind: Kind, proof: Proof, tac: bytes = _SALE.tac) -> PurchaseRecord:
    return _SALE._replace(kind=kind, flags=Flags(proof, CounterKind.OFFLINE).to_int(), seq=10, tac=tac, linked=3)


def _load(kind: Kind, proof: Proof, tac: bytes = _LOADED.tac) -> LoadRecord:
    flags = Flags(proof, CounterKind.ONLINE, online=True).to_int()
    return _LOADED._replace(kind=kind, flags=flags, seq=10, tac=tac, linked=2)


KINDS: tuple[Description[Any], ...] = (
    Description(Kind.PURCHASE, Text("消费", "Purchase"), PURCHASE, Worth.TAC, _SALE),
    Description(Kind.LOAD, Text("圈存", "Load"), LOAD, Worth.TAC, _LOADED, CounterKind.ONLINE),
    Description(
        Kind.COMPOSITE, Text("乘车", "Ride"), PURCHASE, Worth.TAC, _SALE._replace(kind=Kind.COMPOSITE, trip=_TRIP),
        part=Presence.ALWAYS,
    ),
    Description(Kind.VOID, Text("撤销", "Void"), VOID, Worth.MAC, _VOIDED, rule=_void),
    Description(
        Kind.UNPROVEN, Text("灰记录", "Unproven"), PURCHASE, Worth.OPEN,
        _sale(Kind.UNPROVEN, Proof.NONE, NO_TAC)._replace(linked=0), part=Presence.EITHER,
    ),
    Description(
        Kind.RECOVERED, Text("补回消费", "Recovered"), PURCHASE, Worth.TAC, _sale(Kind.RECOVERED, Proof.PROVE),
        part=Presence.EITHER,
    ),
    Description(
        Kind.NOT_DEBITED, Text("未扣款", "Not debited"), PURCHASE, Worth.WORD,
        _sale(Kind.NOT_DEBITED, Proof.NONE, NO_TAC)._replace(trip=_TRIP), part=Presence.EITHER,
    ),
    Description(
        Kind.ONLINE, Text("账户支付", "Account payment"), PAYMENT, Worth.MAC, _PAID, CounterKind.ONLINE, rule=_payment
    ),
    Description(Kind.CODE, Text("脱机付款码", "Offline code"), CODE, Worth.MAC, _SHOWN, rule=_code),
    Description(
        Kind.LOAD_UNPROVEN, Text("圈存存疑", "Load in doubt"), LOAD, Worth.OPEN,
        _load(Kind.LOAD_UNPROVEN, Proof.NONE, NO_TAC)._replace(linked=0), CounterKind.ONLINE,
    ),
    Description(
        Kind.LOAD_RECOVERED, Text("补回圈存", "Load recovered"), LOAD, Worth.TAC,
        _load(Kind.LOAD_RECOVERED, Proof.PROVE), CounterKind.ONLINE,
    ),
    Description(
        Kind.NOT_CREDITED, Text("未圈存", "Not credited"), LOAD, Worth.WORD,
        _load(Kind.NOT_CREDITED, Proof.NONE, NO_TAC), CounterKind.ONLINE,
    ),
    Description(
        Kind.WITNESSED_VOID, Text("凭卡撤销", "Void by card"), VOID, Worth.MAC,
        _VOIDED._replace(kind=Kind.WITNESSED_VOID, cause=Cause.OPERATOR, witness=_SUPERVISOR),
        part=Presence.ALWAYS, rule=_witnessed_void,
    ),
    Description(
        Kind.REVERSAL, Text("冲正", "Reversal"), PAYMENT, Worth.MAC,
        _PAID._replace(kind=Kind.REVERSAL, seq=11, request=7), CounterKind.ONLINE, rule=_payment,
    ),
    Description(Kind.MEAL, Text("应急餐", "Emergency meal"), MEAL, Worth.MAC, _EATEN, rule=_meal),
)  # fmt: skip
"""All that there are, in the order of their numbers."""
DESCRIBED: dict[int, Description[Any]] = {int(one.kind): one for one in KINDS}


def kinds_of(shape: Shape[Any]) -> frozenset[Kind]:
    """Those that come in this shape."""
    return frozenset(one.kind for one in KINDS if one.shape is shape)


PURCHASE_SHAPED, LOAD_SHAPED, VOIDS = kinds_of(PURCHASE), kinds_of(LOAD), kinds_of(VOID)
PAYMENTS = kinds_of(PAYMENT)
MEALS = kinds_of(MEAL)
CODES = kinds_of(CODE)
PROVEN = frozenset(one.kind for one in KINDS if one.worth is Worth.TAC)
"""Kinds that carry a TAC: the card side posts if it is valid."""
PURCHASE_SIZE, COMPOSITE_SIZE = PURCHASE.size, PURCHASE.whole_size
LOAD_SIZE = LOAD.size
PAYMENT_SIZE = PAYMENT.size
MEAL_SIZE = MEAL.size
CODE_SIZE = CODE.size
VOID_SIZE, WITNESSED_SIZE = VOID.size, VOID.whole_size
WITNESS_SIZE = WITNESSED_SIZE - VOID_SIZE
TRIP_SIZE = COMPOSITE_SIZE - PURCHASE_SIZE
