"""What a card desk asks of the ledger and what it hears: values and their bytes, for one POST to DESK_PATH.

Request: CBOR [operation, *arguments]. Answer: [True, *result], or [False, code, Chinese, English], which changed
nothing. Whatever moves money or a card's state carries a key made by the desk: asked again it is the same deed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from shared.errors import WireFault
from shared.ids import CardId, card_id
from shared.wire import codec
from shared.words.voice import Text

DESK_PATH = "/desk/v1"
ANSWER_MAX = 64 * 1024
"""Longest request and answer."""
TERMINALS_MAX = 32
MISSING_MAX = 64
"""Most counters that an answer names; there may be more."""
KEY_SIZE = 16
_REPLACED_BEFORE = 5
"""Fields of Replaced where it is told as before."""
_SUMS_BEFORE = 5
"""Sums of Replaced and CardBooks that are always told; subsidies only where there are any."""


class DeskOp(StrEnum):
    """Operations; `CardAsk` and its like are the arguments."""

    CARD = "card"
    CASH_IN = "cash-in"
    """[key, card, fen] → receipt. Cash into the online account."""
    CASH_OUT = "cash-out"
    """[key, card, fen] → receipt. Out of the online account, in cash."""
    CASH_FLOAT = "cash-float"
    """[key, fen] → receipt. Change to begin with."""
    UNLOAD = "unload"
    """[key, LoadAuth fields] → [host time, MAC2]. Nothing is booked yet."""
    UNLOAD_PROOF = "unload-proof"
    """[key, MAC3, or the 8 bytes of 805A that hold it] → [is it right, receipt or nothing].

    When it is, the sum is in the online account.
    """
    UNLOAD_CASE = "unload-case"
    """[key] → [was it taken: 1, not 0, open -1; receipt or nothing]. What the ledger knows without the card."""
    UNLOAD_NOTHING = "unload-nothing"
    """[key] → []. The desk says that nothing was debited: a word, no proof."""
    FIND = "find"
    """[label] → [card id, state, class, expected on the card, online account]."""
    LOST = "lost"
    """[key, label, reason] → []. 挂失: hotlisted, frozen."""
    FOUND = "found"
    """[key, label, reason] → []. 解挂."""
    REPLACE = "replace"
    """[key, old label, new label, reason, LoadAuth fields of a load of nothing] → Replaced. 坏卡换卡.

    [] instead of the fields: the card cannot be read, and the desk keeps it.
    """
    REISSUE = "reissue"
    """[key, old label, new label, reason] → Replaced. 挂失补卡, of a card that was reported lost."""
    CLASS = "class"
    """[key, card, class, reason] → []. The card was written already."""
    DRAW = "draw"
    """[key, first label, last label] → []. Cards of the stock into the cashier's hands."""
    SPOIL = "spoil"
    """[key, label, reason] → []. One of them is waste."""
    CLOSE = "close"
    """[key, counted fen, counted cards] → DaySheet, stored. 日结."""
    SHEET = "sheet"
    """[day since 2000, 0 = today] → DaySheet: as it was closed, or so far."""
    RELEASE = "release"
    """[key, old label, reason] → Replaced. 余款解冻: the rest, when no terminal owes any more."""

    SPARE_LEND = "spare-lend"
    """[key, spare's label, holder's label or '', person, deposit fen, is it cash, limit fen, last day, reason] →
    receipt. 备用卡 of a holder, whose online account it carries at once; 临时卡 of a visitor without one."""
    SPARE_BACK = "spare-back"
    """[key, spare's label, reason, LoadAuth fields of a load of nothing] → receipt. It is empty, as its MAC1 says."""
    SPARE_IN = "spare-in"
    """[key, spare's label, reason, second person] → receipt. By its printed number: it cannot be read, or was lost."""
    SPARE_OFF = "spare-off"
    """[key, spare's label, reason] → []. Lost for good: its deposit is the school's."""
    SPARE_CLASS = "spare-class"
    """[key, spare's label, class or ''] → []. Into the hands of a class's teacher, or back."""
    DEPOSITS = "deposits"
    """[card] → [[order, provider, paid fen, fen that may go back, state in Chinese, in English, refunds], …].

    渠道充值 of a card, the newest first; refunds: [[fen, state in Chinese, in English, reason], …].
    """
    DEPOSIT_REFUND = "deposit-refund"
    """[key, card, order, fen, reason] → [proposal]. 渠道退款 proposed: another person confirms; never in cash."""
    PIN = "pin"
    """[key, card, deed] → []. A PIN 口令 was set anew, or has its tries again: its holder is told. deed: of `Deed`.

    A centre of before calls it malformed, and nobody is told."""
    SPARES = "spares"
    """[class or ''] → [[label, act, person, holder's label, class, deposit fen, limit fen, last day, is it late], …]"""


@dataclass(frozen=True, slots=True)
class Replaced:
    """What went to the new card's accounts. left_fen: still in the old purse, for what `owing` may bring.

    owing: name, place, records owed, open slots, silent since the report. again: told before, `total_fen` says it.
    subsidy_fen: subsidy 补助 that now waits as the new card's; subsidy_left_fen: still in the old subsidy purse.
    was_lost: what is left waits until every terminal says that it refuses the card, which somebody may still use;
    waits: for how many, of which `owing` are the first. Told at the end and only where it is so, as subsidies are: a
    desk of before does not know them.
    """

    receipt: int
    total_fen: int
    purse_fen: int
    online_fen: int
    pending_fen: int
    left_fen: int
    transit_fen: int
    owing: tuple[tuple[str, str, int, int, bool], ...]
    again: bool
    was_lost: bool = False
    subsidy_fen: int = 0
    subsidy_left_fen: int = 0
    waits: int = 0

    def to_list(self) -> list[object]:
        sums = [self.purse_fen, self.online_fen, self.pending_fen, self.left_fen, self.transit_fen]
        sums += [self.subsidy_fen, self.subsidy_left_fen] if self.subsidy_fen or self.subsidy_left_fen else []
        told = [self.receipt, self.total_fen, sums, [list(one) for one in self.owing], self.again]
        return [*told, True, self.waits] if self.was_lost else told


def parse_replaced(raw: Sequence[Any]) -> Replaced:
    """WireFault when malformed."""
    whole = raw if len(raw) > _REPLACED_BEFORE else [*raw, False, 0]
    receipt, total, sums, late, again, lost, waits = codec.fields(
        whole, int, int, list, list, bool, bool, int, what="replaced"
    )
    purse, online, pending, left, transit, subsidy, subsidy_left = _sums(sums, 7, "replaced")
    owed = tuple(codec.fields(one, str, str, int, int, bool, what="owing") for one in late)
    return Replaced(
        receipt, total, purse, online, pending, left, transit, owed, again, lost, subsidy, subsidy_left,
        waits or len(owed),
    )  # fmt: skip


def _sums(raw: list[Any], size: int, what: str) -> list[Any]:
    """At least five sums; those that are not told are 0."""
    whole = raw + [0] * (size - len(raw)) if len(raw) >= _SUMS_BEFORE else raw
    return list(codec.fields(whole, *(int for _ in range(size)), what=what))


@dataclass(frozen=True, slots=True)
class SheetRow:
    """Receipts of a kind: how many, and their sum."""

    kind: str
    count: int
    fen: int


@dataclass(frozen=True, slots=True)
class DaySheet:
    """A cashier's day. Receipts since the close before: first_receipt to last_receipt (one less: none).

    expected_fen: what the drawer must hold; counted_*: None while the day is open. opened: cards that the close before
    had counted; drawn, used, spoiled since; left: in hand by the books.
    """

    cashier: str
    day: int
    first_receipt: int
    last_receipt: int
    rows: tuple[SheetRow, ...]
    expected_fen: int
    counted_fen: int | None
    opened: int
    drawn: int
    used: int
    spoiled: int
    left: int
    counted_left: int | None

    @property
    def difference_fen(self) -> int:
        """Above zero 长款, below 短款."""
        return 0 if self.counted_fen is None else self.counted_fen - self.expected_fen

    @property
    def cards_difference(self) -> int:
        """Counted beyond opened + drawn − used − spoiled."""
        return 0 if self.counted_left is None else self.counted_left - self.expected_left

    @property
    def expected_left(self) -> int:
        """Cards that must be in hand."""
        return self.opened + self.drawn - self.used - self.spoiled

    def to_list(self) -> list[object]:
        rows = [[row.kind, row.count, row.fen] for row in self.rows]
        cards = [self.opened, self.drawn, self.used, self.spoiled, self.left]
        return [
            self.cashier, self.day, self.first_receipt, self.last_receipt, rows, self.expected_fen, self.counted_fen,
            cards, self.counted_left,
        ]  # fmt: skip


def parse_day_sheet(raw: Sequence[Any]) -> DaySheet:
    """WireFault when malformed."""
    maybe = (int, type(None))
    cashier, day, first, last, rows, expected, counted, cards, left = codec.fields(
        raw, str, int, int, int, list, int, maybe, list, maybe, what="day sheet"
    )
    found = tuple(SheetRow(*codec.fields(row, str, int, int, what="sheet row")) for row in rows)
    opened, drawn, used, spoiled, in_hand = codec.fields(cards, int, int, int, int, int, what="day sheet")
    return DaySheet(
        cashier, day, first, last, found, expected, counted, opened, drawn, used, spoiled, in_hand, left
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReceiptSaid:
    """What the cashier gives paper for. number: per cashier, no gap; at_s: campus seconds; again: told before."""

    cashier: str
    number: int
    fen: int
    at_s: int
    online_fen: int
    again: bool

    def to_list(self) -> list[object]:
        return [self.cashier, self.number, self.fen, self.at_s, self.online_fen, self.again]


def parse_receipt(raw: Sequence[Any]) -> ReceiptSaid:
    """WireFault when malformed."""
    return ReceiptSaid(*codec.fields(raw, str, int, int, int, int, bool, what="receipt"))


class CardState(StrEnum):
    """What the ledger says of a card's life."""

    NORMAL = "normal"
    LOST = "lost"
    """挂失: reported, hotlisted, frozen."""
    REPLACED = "replaced"
    """Another card has taken its place; this one is never served again."""


@dataclass(frozen=True, slots=True)
class CardAsk:
    """offline, online: the card's counters now. terminals: 6-byte ids in its log, to be told their names."""

    card: CardId
    offline: int
    online: int
    terminals: tuple[bytes, ...] = ()

    def to_list(self) -> list[object]:
        return [self.card, self.offline, self.online, list(self.terminals)]


def parse_card_ask(raw: Sequence[Any]) -> CardAsk:
    """WireFault when malformed."""
    card, offline, online, terminals = codec.fields(raw, bytes, int, int, list, what="card ask")
    known = codec.fields(terminals[:TERMINALS_MAX], *(bytes for _ in terminals[:TERMINALS_MAX]), what="terminals")
    if not 0 <= offline <= 0xFFFF or not 0 <= online <= 0xFFFF:
        raise WireFault("card ask: a counter has 16 bits")
    return CardAsk(card_id(card), offline, online, known)


@dataclass(frozen=True, slots=True)
class OpenMatter:
    """A load or unload that is granted and not decided. kind: 'load', 'unload'; since_ms: Unix milliseconds."""

    kind: str
    counter: int
    fen: int
    since_ms: int


@dataclass(frozen=True, slots=True)
class CardBooks:
    """A card in the ledger. Sums in fen, never summed with each other. successor: label of the card that replaced it.

    missing_offline, missing_online: counters below the card's that the ledger has no record of, newest first.
    grey: grey records of this card that wait for evidence. places: terminal id → name and place. given_back_fen:
    待回补助, subsidy that was given back; told only where there is some.
    """

    label: str
    key_version: int
    card_class: int
    state: CardState
    successor: str
    hotlisted: bool
    purse_fen: int
    online_fen: int
    transit_fen: int
    pending_fen: int
    subsidy_fen: int
    grey: int
    missing_offline: tuple[int, ...]
    missing_online: tuple[int, ...]
    open: tuple[OpenMatter, ...]
    places: tuple[tuple[bytes, str, str], ...]
    given_back_fen: int = 0

    def to_list(self) -> list[object]:
        sums = [self.purse_fen, self.online_fen, self.transit_fen, self.pending_fen, self.subsidy_fen]
        sums += [self.given_back_fen] if self.given_back_fen else []
        return [
            self.label, self.key_version, self.card_class, self.state.value, self.successor, self.hotlisted,
            sums, self.grey,
            list(self.missing_offline),
            list(self.missing_online), [[m.kind, m.counter, m.fen, m.since_ms] for m in self.open],
            [list(place) for place in self.places],
        ]  # fmt: skip


_BOOKS = (str, int, int, str, str, bool, list, int, list, list, list, list)


def parse_card_books(raw: Sequence[Any]) -> CardBooks:
    """WireFault when malformed."""
    label, version, kind, state, successor, hotlisted, sums, grey, offline, online, matters, places = codec.fields(
        raw, *_BOOKS, what="card books"
    )
    purse, online_fen, transit, pending, subsidy, given_back = _sums(sums, 6, "card books")
    if state not in list(CardState):
        raise WireFault("card books: an unknown state")
    return CardBooks(
        label, version, kind, CardState(state), successor, hotlisted,
        purse, online_fen, transit, pending, subsidy, grey, _counters(offline), _counters(online),
        tuple(OpenMatter(*codec.fields(m, str, int, int, int, what="open matter")) for m in matters),
        tuple(codec.fields(p, bytes, str, str, what="place") for p in places), given_back,
    )  # fmt: skip


def _counters(raw: list[Any]) -> tuple[int, ...]:
    return codec.fields(raw, *(int for _ in raw), what="counters")


# --- the frame ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class No:
    """The centre refuses; nothing was changed. `code` for programs, the texts for people."""

    code: str
    zh: str
    en: str

    @classmethod
    def of(cls, code: str, words: Text) -> No:
        """The same from a Text; both languages travel, and the desk chooses."""
        return cls(code, words.zh, words.en)

    @property
    def words(self) -> Text:
        """What a person is told."""
        return Text(self.zh, self.en)


def encode_ask(operation: str, arguments: Sequence[object]) -> bytes:
    """The body of a request."""
    return codec.pack([operation, *arguments])


def decode_ask(raw: bytes) -> tuple[str, list[Any]]:
    """Operation and arguments; WireFault when malformed."""
    body = codec.unpack(raw)
    if not body or not isinstance(body[0], str):
        raise WireFault("desk: no operation")
    return body[0], body[1:]


def encode_answer(answer: Sequence[object] | No) -> bytes:
    """The body of an answer."""
    if isinstance(answer, No):
        return codec.pack([False, answer.code, answer.zh, answer.en])
    return codec.pack([True, *answer])


def decode_answer(raw: bytes) -> list[Any] | No:
    """The result, or why not; WireFault when malformed."""
    body = codec.unpack(raw)
    if body and body[0] is True:
        return body[1:]
    _, code, zh, en = codec.fields(body, bool, str, str, str, what="desk answer")
    return No(code, zh, en)
