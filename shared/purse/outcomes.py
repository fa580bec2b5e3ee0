"""Values that card flows take and give: identity, orders, pending transactions, outcomes.

A flow ends in exactly one of its outcome types. `Unknown` is an outcome, not an error: the pending transaction
stays in its slot until a recovery flow or another rule of the terminal settles it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from shared.ids import CardId, PsamId
from shared.online import LoadAnswer, LoadRequest, Purpose
from shared.purse.caps import Caps, CardCounters, MealClock
from shared.purse.profiles import CardProfile, Purse
from shared.purse.reasons import Reason
from shared.records import Pair


@dataclass(frozen=True, slots=True)
class CardIdentity:
    """A card of ours, selected and in its dates. `factors` are what 8070 wants; `start`, `expiry` are BCD."""

    profile: CardProfile
    card_id: CardId
    hotlist_index: int
    factors: tuple[bytes, ...]
    start: bytes
    expiry: bytes
    card_type: int
    subtype: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """The card is not served. `sw` is the status word that decided, where one did."""

    reason: Reason
    sw: int | None = None


@dataclass(frozen=True, slots=True)
class PsamIdentity:
    """File 0016 (terminal id of every MAC and TAC) and the PSAM's own serial from 0015."""

    psam_id: PsamId
    serial: bytes


# --- purchase 消费 -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pin:
    """A PIN as VERIFY takes it, 2 to 6 bytes. Its repr shows nothing of it."""

    digits: bytes = field(repr=False)
    pin_id: int = 0


class PurchaseOrder(NamedTuple):
    """What a till asks of a purchase. `time_s`: campus seconds since 2000; `caps` None: count, but forbid nothing.

    `pair`: which half of a mixed payment it is; `other_fen`: what the other half is over. An ED is debited plainly,
    after its `pin` where the profile wants one.
    """

    amount_fen: int
    time_s: int
    psam_id: PsamId
    clock: MealClock
    caps: Caps | None
    key_id: int = 1
    price_adjust_fen: int = 0
    purse: Purse = Purse.EP
    pin: Pin | None = None
    pair: Pair = Pair.ALONE
    other_fen: int = 0


class PendingPurchase(NamedTuple):
    """All that is known before the debit is sent; durable before it is sent. `counter` and `balance_fen`: before.

    `trip`: the trip of a composite purchase (shared.transit.trip), empty otherwise. `pair`, `other_fen`: of a mixed
    payment, so that its first half says durably what is to follow, and its second what went before.
    """

    card_id: CardId
    counter: int
    balance_fen: int
    overdraft: bytes
    amount_fen: int
    type: int
    purse: int
    psam_id: PsamId
    ttn: int
    time_s: int
    key_version: int
    algorithm: int
    mac1: bytes
    price_adjust_fen: int = 0
    trip: bytes = b""
    pair: Pair = Pair.ALONE
    other_fen: int = 0

    @property
    def sale_fen(self) -> int:
        """What the whole sale is over."""
        return self.amount_fen + self.other_fen

    @property
    def balance_after_fen(self) -> int:
        return self.balance_fen - self.amount_fen


@dataclass(frozen=True, slots=True)
class Purchased:
    """Debited, MAC2 checked by the PSAM. `counters` are the card's new sums (None on a plain purchase)."""

    purchase: PendingPurchase
    tac: bytes
    counters: CardCounters | None


@dataclass(frozen=True, slots=True)
class Declined:
    """Nothing was debited, for certain. If `pending` is given, its slot was taken and is to be erased."""

    reason: Reason
    sw: int | None = None
    pending: PendingPurchase | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """Perhaps debited: keep the slot, serve nothing, ask for the same card. `tac` if one came but stays unproven."""

    pending: PendingPurchase
    reason: Reason
    sw: int | None = None
    tac: bytes | None = None


PurchaseOutcome = Purchased | Declined | Unknown


@dataclass(frozen=True, slots=True)
class RecoveredPurchase:
    """The pending purchase had been debited; here is its TAC."""

    purchase: PendingPurchase
    tac: bytes
    mac2_checked: bool


@dataclass(frozen=True, slots=True)
class NotDebited:
    """The pending purchase never happened: erase its slot."""

    pending: PendingPurchase


@dataclass(frozen=True, slots=True)
class StillUnknown:
    """No decision from this card now. PROOF_GONE: the card's log proves the debit, but no TAC can be had."""

    pending: PendingPurchase
    reason: Reason
    sw: int | None = None


PurchaseRecovery = RecoveredPurchase | NotDebited | StillUnknown


# --- load 圈存 ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LoadOrder:
    """What a terminal asks: `terminal_id` is its PSAM id or, without PSAM, its device id (6 bytes)."""

    amount_fen: int
    terminal_id: bytes
    key_id: int = 1
    pin: Pin | None = None
    purpose: Purpose = Purpose.LOAD


@dataclass(frozen=True, slots=True)
class LoadOffer:
    """What the centre answered to a question, and the card's balance then. answer None: none came in time."""

    balance_fen: int
    answer: LoadAnswer | None


@dataclass(frozen=True, slots=True)
class PendingLoad:
    """A granted load, durable before the credit is sent. `time_s` is the host's time that MAC2 and TAC cover.

    mac2: what the credit was sent with; empty where an older terminal kept it not. Worth nothing outside its session.
    """

    request: LoadRequest
    purse: int
    terminal_id: bytes
    time_s: int
    mac2: bytes = b""

    @property
    def balance_after_fen(self) -> int:
        return self.request.balance_fen + self.request.amount_fen


@dataclass(frozen=True, slots=True)
class Loaded:
    load: PendingLoad
    tac: bytes


@dataclass(frozen=True, slots=True)
class LoadRefused:
    """Nothing was credited, for certain. `request` given: the centre was asked and must hear that it came to nothing.

    `answer` is what the centre said (None: no answer came); `pending` given: its slot is to be erased.
    """

    reason: Reason
    sw: int | None = None
    request: LoadRequest | None = None
    answer: LoadAnswer | None = None
    pending: PendingLoad | None = None


@dataclass(frozen=True, slots=True)
class LoadUnknown:
    """Perhaps credited: keep the slot, ask for the same card."""

    pending: PendingLoad
    reason: Reason
    sw: int | None = None


LoadOutcome = Loaded | LoadRefused | LoadUnknown


@dataclass(frozen=True, slots=True)
class RecoveredLoad:
    load: PendingLoad
    tac: bytes


@dataclass(frozen=True, slots=True)
class NotCredited:
    pending: PendingLoad


@dataclass(frozen=True, slots=True)
class LoadStillUnknown:
    pending: PendingLoad
    reason: Reason
    sw: int | None = None


LoadRecovery = RecoveredLoad | NotCredited | LoadStillUnknown
