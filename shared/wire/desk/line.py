"""What a card desk's agent 代理 and the console say to each other: the agent asks, the console never calls.

Request: a message [operation, *arguments] by POST to LINE_PATH. Answer: [True, *result], or [False, Chinese, English].
An order is named by its id: the agent does it once, and answers with what it remembers when it is handed it again. A
PIN stands in an order and nowhere else. Sums of both purses are one, so that nobody is told what of it is aid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from shared.errors import WireFault
from shared.wire import codec
from shared.words.voice import Text

LINE_PATH = "/desk-line/v1"
LINE_MAX = 16 * 1024
"""Longest request and answer."""
ID_SIZE = 16
POLL_S = 20.0
"""The console holds a request so long when it has nothing to be done."""
ORDER_S = 60.0
"""An order that no agent has taken by then is handed out no more; one that was taken and not answered is unknown."""
WORDS_MAX, LOG_MAX, OPEN_MAX = 24, 10, 10
TEXT_MAX = 200
ARGUMENTS_MAX = 4


class LineOp(StrEnum):
    """What an agent asks."""

    PAIR = "pair"
    """[one-time code] → [token, name of the desk]."""
    NEXT = "next"
    """[] → [order] or [], after POLL_S at the latest."""
    DONE = "done"
    """[id, end, words, card as seen or []] → []."""


class Deed(StrEnum):
    """What a desk can be asked for."""

    READ = "read"
    PIN_RELOAD = "pin-reload"
    """[new PIN as digits]."""
    PIN_UNBLOCK = "pin-unblock"
    """[right PIN as digits]."""
    CASH_IN = "cash-in"
    """[fen as digits], as of the next three. Cash into the online account."""
    CASH_OUT = "cash-out"
    LOAD = "load"
    """Online account → card."""
    UNLOAD = "unload"
    """Card → online account."""
    REPLACE = "replace"
    """[label of the new card, reason]: the old one lies in the field."""


class End(StrEnum):
    """How it ended. UNKNOWN: nobody knows what the card did; it is looked at again."""

    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Order:
    """card: of whom it is asked, 10 bytes, which must lie there; empty: whichever. arguments: in no repr."""

    id: bytes
    deed: Deed
    card: bytes = b""
    arguments: tuple[str, ...] = field(default=(), repr=False)

    def to_list(self) -> list[object]:
        return [self.id, self.deed.value, self.card, list(self.arguments)]


def parse_order(raw: Sequence[Any]) -> Order:
    """WireFault when malformed, or of a deed that this version does not know."""
    number, deed, card, arguments = codec.fields(raw, bytes, str, bytes, list, what="order")
    if len(number) != ID_SIZE or deed not in set(Deed) or len(arguments) > ARGUMENTS_MAX:
        raise WireFault("an order of another form")
    return Order(number, Deed(deed), card, codec.fields(arguments, *(str for _ in arguments), what="order"))


@dataclass(frozen=True, slots=True)
class Sums:
    """fen; None: not told. card: both purses as the card says; ledger: as the books say."""

    card: int | None = None
    ledger: int | None = None
    online: int | None = None
    transit: int | None = None
    pending: int | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """A line of the card's own log. fen: what it brought to the card."""

    when: str
    what: Text
    fen: int
    place: str


@dataclass(frozen=True, slots=True)
class CardSeen:
    """A card as it was at one moment. label, state: '' and is_listed None where the ledger did not answer. match: the
    name of a `Match`, '' where nothing was compared."""

    card: bytes
    label: str
    kind: Text
    valid: str
    is_enabled: bool
    state: str
    is_listed: bool | None
    sums: Sums
    match: str
    match_said: Text
    log: tuple[Moved, ...] = ()
    open: tuple[Text, ...] = ()

    def to_list(self) -> list[object]:
        sums = self.sums
        log = [[one.when, _pair(one.what), one.fen, one.place] for one in self.log[:LOG_MAX]]
        return [
            self.card, self.label, _pair(self.kind), self.valid, self.is_enabled, self.state, self.is_listed,
            [sums.card, sums.ledger, sums.online, sums.transit, sums.pending], self.match, _pair(self.match_said),
            log, [_pair(one) for one in self.open[:OPEN_MAX]],
        ]  # fmt: skip


_FEN = (int, type(None))
_SEEN = (bytes, str, list, str, bool, str, (bool, type(None)), list, str, list, list, list)


def parse_seen(raw: Sequence[Any]) -> CardSeen:
    """WireFault when malformed or longer than its bounds."""
    card, label, kind, valid, enabled, state, listed, sums, match, match_said, log, opened = codec.fields(
        raw, *_SEEN, what="card as seen"
    )
    if len(log) > LOG_MAX or len(opened) > OPEN_MAX or max(map(len, (label, valid, state, match))) > TEXT_MAX:
        raise WireFault("card as seen: too long")
    return CardSeen(
        card, label, _text(kind), valid, enabled, state, listed,
        Sums(*codec.fields(sums, *(_FEN for _ in range(5)), what="sums")), match, _text(match_said),
        tuple(_moved(one) for one in log), tuple(_text(one) for one in opened),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of an order: the desk's own words, as it says them to a cashier."""

    id: bytes
    end: End
    words: tuple[Text, ...]
    seen: CardSeen | None = None

    def to_list(self) -> list[object]:
        words = [_pair(one) for one in self.words[:WORDS_MAX]]
        return [self.id, self.end.value, words, self.seen.to_list() if self.seen else []]


def parse_ended(raw: Sequence[Any]) -> Ended:
    """WireFault when malformed."""
    number, end, words, seen = codec.fields(raw, bytes, str, list, list, what="ended order")
    if len(number) != ID_SIZE or end not in set(End) or len(words) > WORDS_MAX:
        raise WireFault("an ended order of another form")
    return Ended(number, End(end), tuple(_text(one) for one in words), parse_seen(seen) if seen else None)


def _moved(raw: Any) -> Moved:  # noqa: ANN401  # from the network
    when, what, fen, place = codec.fields(raw, str, list, int, str, what="line of a log")
    if max(len(when), len(place)) > TEXT_MAX:
        raise WireFault("line of a log: too long")
    return Moved(when, _text(what), fen, place)


def _pair(text: Text) -> list[str]:
    return [text.zh[:TEXT_MAX], text.en[:TEXT_MAX]]


def _text(raw: Any) -> Text:  # noqa: ANN401  # from the network
    zh, en = codec.fields(raw, str, str, what="text")
    if max(len(zh), len(en)) > TEXT_MAX:
        raise WireFault("text: too long")
    return Text(zh, en)
