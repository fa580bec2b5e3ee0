"""Exposure 风险敞口: the most that may be at risk now, by terminal, box, card and for the campus. Pure.

Two things are at risk. What terminals have sold and not brought: so many records, each over the highest sum that one
purchase may have there. And what cards that are to be refused may have spent where they are not refused yet: so much
a day, by the caps that the age of the list there leaves, for each business day since the card was listed; a card that
is lost has no more than its purses. An input that is not known is taken at its worst, and said to be: the sum never
gets smaller by it. A purchase is never over more than the fullest purse of the campus holds. What silent terminals may
have sold since they were heard stands beside that sum (silence.py), as do loads and payments that are under way.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from cloud.ledger.read.shown.silence import NO_PURSES, PeriodCaps, Purses, periods_of, silent_fen
from shared.clocks.clock import business_day
from shared.fleet.parameters import EVERY_OTHER, ParameterBody, RungRow

BEFORE_THE_FIRST = 0
"""The meal before the first one of a day."""


class Unknown(StrEnum):
    """What of a terminal nobody knows. Words: cloud/words/balance/exposure.py."""

    CAPS = "caps"
    """It never said that it uses parameters of ours, or they limit nothing."""
    HOTLIST = "hotlist"
    """It never said that it uses a hotlist of ours: it may refuse nobody."""
    HEARD = "heard"
    """It is silent: what it has sold since is counted by nobody."""


class Caps(NamedTuple):
    """What a version of parameters leaves. single_fen, day_fen: the highest of any card, by class; None: no limit."""

    single_fen: int | None
    day_fen: Mapping[int, int | None]
    meal_fen: Mapping[int, int]
    ladder: tuple[RungRow, ...]
    day_start_s: int
    periods: tuple[PeriodCaps, ...] = ()


class Part(StrEnum):
    """What is under way and stands beside the sum, by name. Words: cloud/words/balance/exposure.py."""

    LOADS = "loads"
    """Granted, and nobody knows yet whether it is on the card."""
    PAYMENTS = "payments"
    """Of online accounts, paid, and held for two persons."""
    MEALS = "meals"
    """Owed for emergency meals: of whoever leaves school before his next deposit."""
    CODES = "codes"
    """Offline codes that can still be shown: at each terminal that was not heard each use may be taken once."""


class Item(NamedTuple):
    """So many cases."""

    part: Part
    cases: int
    fen: int


class Till(NamedTuple):
    """A terminal that sells. caps: of every version that it may use; (): nobody knows. generation, as_of: of the
    hotlist of ours that it uses; None: nobody knows. heard_ms: 0, never."""

    device: bytes
    name: str
    place: str
    box: str
    records: int
    open_slots: int
    caps: tuple[Caps, ...]
    generation: int | None
    as_of: int | None
    is_silent: bool
    heard_ms: int = 0
    merchant: str = ""
    canteen: str = ""
    silent_s: int = 0


class Listed(NamedTuple):
    """A card that is to be refused. since_s: campus seconds; named: the generation from which on every hotlist names
    it, None: none does. is_bounded: it is the card, and has no more than its purses; a clone has."""

    card: bytes
    label: str
    card_class: int
    purse_fen: int
    since_s: int
    named: int | None
    is_bounded: bool


class TillRisk(NamedTuple):
    """single_fen: what one purchase was taken for; open_cards: those that it may not refuse; age_s: of its hotlist;
    silent_fen: what it may have sold since it was heard, if it is silent."""

    till: Till
    single_fen: int
    arrears_fen: int
    open_cards: int
    age_s: int | None
    listed_fen: int
    unknown: frozenset[Unknown]
    silent_fen: int = 0

    @property
    def fen(self) -> int:
        """Both."""
        return self.arrears_fen + self.listed_fen


class PlaceRisk(NamedTuple):
    """Of all terminals of a box, a canteen or a merchant. unknown: how many of them have an input that is not known;
    silent_fen: what the silent ones may have sold since, bounded once by all purses."""

    name: str
    terminals: int
    records: int
    arrears_fen: int
    listed_fen: int
    unknown: int
    silent_fen: int = 0

    @property
    def fen(self) -> int:
        """Both."""
        return self.arrears_fen + self.listed_fen


class CardRisk(NamedTuple):
    """terminals: how many may not refuse it."""

    card: Listed
    terminals: int
    fen: int


class Risk(NamedTuple):
    """All of it, the worst first. fullest_fen: of the fullest purse. A card has its money once: the campus' sum of
    cards is below that of the terminals, where several may have taken it."""

    terminals: tuple[TillRisk, ...]
    boxes: tuple[PlaceRisk, ...]
    cards: tuple[CardRisk, ...]
    arrears_fen: int
    listed_fen: int
    fullest_fen: int
    now_s: int
    canteens: tuple[PlaceRisk, ...] = ()
    merchants: tuple[PlaceRisk, ...] = ()
    silent_fen: int = 0
    purses_fen: int = 0
    items: tuple[Item, ...] = ()

    @property
    def fen(self) -> int:
        """Both."""
        return self.arrears_fen + self.listed_fen

    @property
    def unknown(self) -> dict[Unknown, int]:
        """How many terminals lack which input."""
        return {what: sum(what in one.unknown for one in self.terminals) for what in Unknown}


def caps_of(body: ParameterBody) -> Caps:
    """What one version leaves to cards of any class in any meal."""
    meals = [BEFORE_THE_FIRST, *(row.meal for row in body.meals)]
    classes = {EVERY_OTHER, *(row.card_class for row in body.limits)}
    singles: list[int | None] = []
    days: dict[int, int | None] = {}
    a_meal: dict[int, int] = {}
    for one in classes:
        there = [body.limits_of(one, meal) for meal in meals]
        singles += [0 if each.is_refused else _least(each[0], each[1], each[3]) for each in there]
        days[one] = _most([0 if each.is_refused else each.day_fen for each in there])
        a_meal[one] = max((each.meal_fen or 0 for each in there), default=0)
    return Caps(_most(singles), days, a_meal, body.ladder, body.day_start_s, periods_of(body))


def weigh(
    tills: Sequence[Till], cards: Sequence[Listed], fullest_fen: int, now_s: int, purses: Purses = NO_PURSES,
    items: Sequence[Item] = (),
) -> Risk:  # fmt: skip
    """The worst case. A lost card may have left all that it has at one till, or some at each, and not twice."""
    pieces = _Pieces(cards, fullest_fen, now_s)
    found = [_till(one, pieces, purses) for one in tills]
    by_box, by_canteen, by_merchant = (
        _places(found, pieces, purses, which)
        for which in (lambda one: one.box, lambda one: one.canteen or one.box, lambda one: one.merchant)
    )
    risky = [CardRisk(card, *sums) for card, sums in zip(cards, pieces.over(tills), strict=True) if sums[0]]
    return Risk(
        tuple(sorted(found, key=lambda one: (-one.fen, one.till.name))),
        by_box,
        tuple(sorted(risky, key=lambda one: (-one.fen, one.card.label))),
        sum(one.arrears_fen for one in found), sum(one.fen for one in risky), fullest_fen, now_s,
        by_canteen, by_merchant, _silent(found, purses), purses.fen, tuple(items),
    )  # fmt: skip


class _Pieces:
    """What cards may have spent at tills that are alike, worked out once for all of these. -1: refused there."""

    def __init__(self, cards: Sequence[Listed], fullest_fen: int, now_s: int) -> None:
        self.cards, self.fullest_fen, self.now_s = cards, fullest_fen, now_s
        self._known: dict[Hashable, tuple[int, ...]] = {}
        self._silent: dict[Hashable, int] = {}

    def of(self, till: Till) -> tuple[int, ...]:
        """Each card there, in their order."""
        key = till.generation, till.as_of, tuple(map(id, till.caps))
        if key not in self._known:
            self._known[key] = tuple(self._one(till, card) for card in self.cards)
        return self._known[key]

    def silent(self, till: Till, purses: Purses) -> int:
        """What this till may have sold since it was heard: by its loosest version, all purses where none is known."""
        key = till.silent_s, tuple(map(id, till.caps))
        if key not in self._silent:
            since_s = self.now_s - till.silent_s
            by_version = (
                silent_fen(one.periods, one.day_start_s, purses, since_s, self.now_s) for one in till.caps
            )  # fmt: skip
            self._silent[key] = max(by_version, default=purses.fen)
        return self._silent[key]

    def over(self, tills: Iterable[Till]) -> list[tuple[int, int]]:
        """Each card over all of these: at how many it is open, and what it may have spent there."""
        open_at, sums = [0] * len(self.cards), [0] * len(self.cards)
        for spent, times in Counter(map(self.of, tills)).items():
            for place, fen in enumerate(spent):
                open_at[place] += times * (fen >= 0)
                sums[place] += times * max(fen, 0)
        return [(count, _bounded(card, fen)) for count, fen, card in zip(open_at, sums, self.cards, strict=True)]

    def _one(self, till: Till, card: Listed) -> int:
        if card.named is not None and till.generation is not None and card.named <= till.generation:
            return -1
        fen = max((self._spent(caps, till, card) for caps in till.caps), default=None)
        return _bounded(card, self.fullest_fen * (_days(0, card, self.now_s) + 1) if fen is None else fen)

    def _spent(self, caps: Caps, till: Till, card: Listed) -> int:
        """On all days, under the cap that the youngest list of that time left."""
        known = caps.day_fen.get(card.card_class, caps.day_fen[EVERY_OTHER])
        meal_fen = caps.meal_fen.get(card.card_class, caps.meal_fen[EVERY_OTHER])
        rungs = [] if till.as_of is None else [r for r in caps.ladder if card.since_s - till.as_of >= r.from_s]
        aged = max(rungs[-1].day_fen, meal_fen) if rungs else None
        cap = min(fen for fen in (known, aged, self.fullest_fen) if fen is not None)
        return cap * _days(caps.day_start_s, card, self.now_s)


def _bounded(card: Listed, fen: int) -> int:
    return min(fen, card.purse_fen) if card.is_bounded else fen


def _days(day_start_s: int, card: Listed, now_s: int) -> int:
    """Business days since it was listed, both ends with them."""
    return business_day(now_s, day_start_s) - business_day(min(card.since_s, now_s), day_start_s) + 1


def _till(till: Till, pieces: _Pieces, purses: Purses) -> TillRisk:
    spent = [fen for fen in pieces.of(till) if fen >= 0]
    single = _most([one.single_fen for one in till.caps])
    single_fen = pieces.fullest_fen if single is None else min(single, pieces.fullest_fen)
    lacks = {
        Unknown.CAPS: single is None, Unknown.HOTLIST: till.generation is None, Unknown.HEARD: till.is_silent
    }  # fmt: skip
    age_s = None if till.as_of is None else max(0, pieces.now_s - till.as_of)
    return TillRisk(
        till, single_fen, (till.records + till.open_slots) * single_fen, len(spent), age_s, sum(spent),
        frozenset(what for what, is_so in lacks.items() if is_so),
        pieces.silent(till, purses) if till.is_silent else 0,
    )  # fmt: skip


def _places(
    found: Iterable[TillRisk], pieces: _Pieces, purses: Purses, which: Callable[[Till], str]
) -> tuple[PlaceRisk, ...]:
    """The worst first."""
    by_name: defaultdict[str, list[TillRisk]] = defaultdict(list)
    for one in found:
        by_name[which(one.till)].append(one)
    places = (_place(name, there, pieces, purses) for name, there in by_name.items())
    return tuple(sorted(places, key=lambda one: (-one.fen, -one.silent_fen, one.name)))


def _place(name: str, there: Sequence[TillRisk], pieces: _Pieces, purses: Purses) -> PlaceRisk:
    listed_fen = sum(fen for _, fen in pieces.over(one.till for one in there))
    records = sum(one.till.records + one.till.open_slots for one in there)
    return PlaceRisk(
        name, len(there), records, sum(one.arrears_fen for one in there), listed_fen,
        sum(bool(one.unknown) for one in there), _silent(there, purses),
    )  # fmt: skip


def _silent(there: Iterable[TillRisk], purses: Purses) -> int:
    """Money is on a card once, wherever it was spent."""
    return min(purses.fen, sum(one.silent_fen for one in there))


def _least(*caps: int | None) -> int | None:
    return min((fen for fen in caps if fen is not None), default=None)


def _most(caps: Sequence[int | None]) -> int | None:
    """None: one of them is no limit, or there are none."""
    known = [fen for fen in caps if fen is not None]
    return max(known) if known and len(known) == len(caps) else None
