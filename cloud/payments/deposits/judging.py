"""What to do with an order after its provider answered, or did not. Pure: the one place of these rules."""

from enum import StrEnum
from typing import NamedTuple

from cloud.ledger.funds.providers.terms import NEVER, DepositOrder, DepositRefund, OrderState, RefundState
from cloud.payments.providers.interface import BackSeen, BackStanding, Refusal, Seen, Standing

WAITS_S = (15, 15, 30, 60, 180, 600, 1_200, 1_800, 3_600, 3_600, 10_800, 21_600, 43_200)
"""Between questions, as long as nothing is decided: 24 hours and more in all. Then a person's list."""
LASTS_S = 1_800
"""An order may be paid for so long."""


class Deed(StrEnum):
    """What comes next."""

    POST = "post"
    CLOSE = "close"
    """Ask the provider to close it, and ask again how it stands."""
    CLOSED = "closed"
    LATER = "later"
    PERSON = "person"


class Judged(NamedTuple):
    """due_ms: of LATER."""

    deed: Deed
    due_ms: int = NEVER


def after_answer(order: DepositOrder, seen: Seen, now_ms: int, *, has_closed: bool = False) -> Judged:
    """Money that is there is always posted; what is not is waited for until the order ends, then closed, then believed
    to be closed only where the provider says so. has_closed: it was asked to close it just now."""
    if seen.standing is Standing.PAID:
        return Judged(Deed.POST)
    if seen.standing is Standing.CLOSED:
        return Judged(Deed.CLOSED)
    if now_ms < order.expires_ms:
        return after_silence(order, now_ms)
    if not has_closed:
        return Judged(Deed.CLOSE)
    if seen.standing is Standing.NOWHERE:
        return Judged(Deed.CLOSED)
    return after_silence(order, now_ms)


def after_silence(order: DepositOrder, now_ms: int) -> Judged:
    """Unknown stays unknown: asked again, ever later, then by a person."""
    if order.state in (OrderState.CLOSED, OrderState.PERSON):  # it was woken: that the answer is no news is no news
        return Judged(Deed.LATER, NEVER)
    if order.tries >= len(WAITS_S):
        return Judged(Deed.PERSON)
    due_ms = now_ms + WAITS_S[order.tries] * 1000
    return Judged(Deed.LATER, min(due_ms, order.expires_ms) if now_ms < order.expires_ms else due_ms)


class BackDeed(StrEnum):
    """What comes next of a refund."""

    DONE = "done"
    REFUSED = "refused"
    LATER = "later"
    PERSON = "person"


class BackJudged(NamedTuple):
    """due_ms: of LATER; why: of REFUSED."""

    deed: BackDeed
    due_ms: int = NEVER
    why: str = ""


def after_back(refund: DepositRefund, seen: BackSeen, refusal: Refusal | None, now_ms: int) -> BackJudged:
    """seen: how it stands, asked behind any refusal. The money comes back only where the provider says that nothing of
    it is there, and that it will not do it: at once, or for a day of asking."""
    if seen.standing is BackStanding.DONE:
        return BackJudged(BackDeed.DONE)
    if seen.standing is BackStanding.FAILED:
        return BackJudged(BackDeed.REFUSED, why="failed")
    is_over = refund.tries >= len(WAITS_S)
    if seen.standing is BackStanding.NOWHERE and refusal is not None and (refusal.is_final or is_over):
        return BackJudged(BackDeed.REFUSED, why=refusal.code)
    return after_back_silence(refund, now_ms)


def after_back_silence(refund: DepositRefund, now_ms: int) -> BackJudged:
    """Unknown stays unknown: asked again, ever later, then by a person."""
    if refund.state == RefundState.PERSON or refund.tries >= len(WAITS_S):
        return BackJudged(BackDeed.PERSON)
    return BackJudged(BackDeed.LATER, now_ms + WAITS_S[refund.tries] * 1000)
