"""The void 撤销: a sale of this shift is given back, by a signed record and never by writing to the card.

With a supervisor's operator card 主管卡 in the field: any sale of the business day. With the card that paid, tapped
again: the newest one, for the cashier alone, within bounds. By PIN alone, with no card: the last one, and then it is
only noted, for the centre holds it until two persons have decided; so is what lies above the bounds of a supervisor.
Refuses everything else with its reason. What was paid waits for its purse until it is claimed. A mixed payment is two
purchases, and both are given back.
"""

from edge.terminal.store.book import Row
from edge.terminal.taps import display
from edge.terminal.taps.body import Body
from edge.terminal.taps.display import Bar
from edge.terminal.taps.serving import Parts, serve
from edge.terminal.taps.steps import End, Result, Show, Shown, Tap
from shared.keys.void_bounds import BOUNDS
from shared.purse.flows.witness import Presented, present, stand_for
from shared.purse.outcomes import Rejected
from shared.purse.reasons import Reason
from shared.records import Cause, PurchaseRecord, VoidRecord

_ALONE = BOUNDS[Cause.SAME_CARD]
"""Of a cashier alone, with the card that paid; a mixed payment has two records, and is bounded as a whole."""


def void_last(body: Body) -> Tap[Result]:
    """By PIN alone: note that the last sale is to be given back."""
    if body.settling_bar is not None:
        return (yield from _not_selling(body.settling_bar))
    now = body.time()
    body.voids.pay_back(now)
    sale = body.voids.last_sale(now)
    if isinstance(sale, Reason):
        return (yield from _refused(sale))
    body.untold.forget()
    rows = [body.voids.write(sale, Cause.CASHIER, now), *body.voids.pay_back(now)]
    total_fen = yield from _shown(rows)
    yield Show(display.void_noted(total_fen, sale.card))
    return Result(End.DONE, total_fen, rows[-1])


def void_with_card(body: Body, seq: int, parts: Parts) -> Tap[Result]:
    """A sale by its number, 0: the newest one; the card in the field stands for it."""
    if body.settling_bar is not None:
        return (yield from _not_selling(body.settling_bar))
    card = yield from serve(present(body.settings.profile), parts)
    if isinstance(card, Rejected):
        return (yield from _refused(card.reason))
    body.voids.pay_back(body.time())
    sale = _sale_for(body, seq, card)
    if isinstance(sale, Reason):
        return (yield from _refused(sale))
    if body.flash.free < len(body.voids.halves(sale)):
        return (yield from _not_selling(Bar.RING_FULL))
    drafts = yield from _stood_for(body, sale, card, parts)
    if isinstance(drafts, Reason):
        return (yield from _refused(drafts))
    body.untold.forget()
    move = body.voids.move_by_themselves(drafts, body.time())
    rows = body.voids.write_witnessed(drafts)
    total_fen = yield from _shown(rows)
    subsidy_fen = sum(row.amount_fen for row in rows if row.application)
    yield Show(
        display.voided(total_fen, sale.card, subsidy_fen) if move
        else display.void_noted(total_fen, sale.card, is_above=True)
    )  # fmt: skip
    return Result(End.DONE, total_fen, rows[-1])


def _sale_for(body: Body, seq: int, card: Presented) -> PurchaseRecord | Reason:
    """The sale that this card may have void, or why not."""
    if card.is_operator and card.card not in body.operators:
        return Reason.VOID_OPERATOR
    sale = body.voids.sale_of_shift(seq, body.time())
    if isinstance(sale, Reason) or card.is_operator:
        return sale
    return _alone(body, sale, card) or sale


def _alone(body: Body, sale: PurchaseRecord, card: Presented) -> Reason | None:
    """Why the cashier needs a supervisor; None: the card that paid is enough."""
    if card.card != sale.card:
        return Reason.VOID_OTHER_CARD
    now = body.time()
    newest = body.voids.newest_sale()
    halves = body.voids.halves(sale)
    is_newest = newest is not None and newest.seq == sale.seq
    is_young = _ALONE.age_s is None or 0 <= now.seconds - sale.time <= _ALONE.age_s
    is_small = sum(half.amount_fen for half in halves) <= _ALONE.fen
    is_rare = body.voids.by_same_card(now) + len(halves) <= _ALONE.day_count
    return None if is_newest and is_young and is_small and is_rare else Reason.VOID_NEEDS_OPERATOR


def _stood_for(body: Body, sale: PurchaseRecord, card: Presented, parts: Parts) -> Tap[list[VoidRecord] | Reason]:
    """The records, each with the card's MAC; nothing is written before the card has stood for all of them."""
    cause = Cause.OPERATOR if card.is_operator else Cause.SAME_CARD
    made = []
    for draft in body.voids.drafts(sale, cause, card.card, body.time()):
        mac = yield from serve(stand_for(body.voids.challenge(draft)), parts)
        if isinstance(mac, Rejected):
            return mac.reason
        made.append(draft._replace(witness=draft.witness and draft.witness._replace(mac=mac)))
    return made


def _shown(rows: list[Row]) -> Tap[int]:
    for row in rows:
        yield Shown(row)
    return sum(row.amount_fen for row in rows)


def _refused(reason: Reason) -> Tap[Result]:
    yield Show(display.not_void(reason))
    return Result(End.DECLINED, 0, reason=reason)


def _not_selling(bar: Bar) -> Tap[Result]:
    yield Show(display.not_selling(bar))
    return Result(End.NOT_SELLING, 0)
