"""Values of the card office's flows: orders, pending transactions, outcomes. What to do next is part of an outcome.

As at a till, an unknown outcome is an outcome: what is pending stays kept until a recovery flow settles it. Nothing is
paid out for an unload before its MAC3 is proven.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from shared.purse.load_auth import LoadAuth
from shared.purse.outcomes import Pin
from shared.purse.overdraft_auth import OverdraftAuth
from shared.purse.profiles import Purse
from shared.purse.reasons import Reason
from shared.words.voice import Text


class Remedy(Enum):
    """What to do after a step whose effect is not known."""

    PRESENT_AGAIN = Text("请同一张卡重新放卡，系统据卡判定", "present the same card again: the card decides")
    REPEAT = Text("重新执行即可，重复无害", "do it again: a repetition does no harm")
    READ_BACK = Text("读出文件比对，不符再写", "read the file and compare; write again if it differs")
    TRY_BOTH = Text("先试新口令，再试旧口令", "try the new PIN first, then the old one")
    REPLACE_VERSION = Text(
        "以新密钥版本试一次交易；不符则以同一版本再写",
        "try the new version; if it fails write it again",
    )
    ASK_CENTRE_AGAIN = Text(
        "证明已保存，中心恢复后自动递交，未确认前勿付款",
        "the proof is kept and handed in; do not pay yet",
    )


@dataclass(frozen=True, slots=True)
class Refused:
    """The card was not changed, for certain. `why`: what the centre said, if it was the centre."""

    reason: Reason
    sw: int | None = None
    why: Text | None = None


@dataclass(frozen=True, slots=True)
class DoneAtCard:
    """The card confirmed it."""


@dataclass(frozen=True, slots=True)
class NotKnown:
    """Perhaps done; `remedy` says how to find out."""

    reason: Reason
    remedy: Remedy
    sw: int | None = None


DeskOutcome = DoneAtCard | Refused | NotKnown


# --- unload 圈提 -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UnloadOrder:
    """`terminal_id`: 6 bytes of the desk. `pin` where the profile wants one."""

    amount_fen: int
    terminal_id: bytes
    purse: Purse
    key_id: int = 1
    pin: Pin | None = None


@dataclass(frozen=True, slots=True)
class PendingUnload:
    """A granted unload, kept durably before the debit is sent. `mac3` once the card gave it: as in UnloadProof."""

    auth: LoadAuth
    purse: Purse
    key_id: int
    time_s: int
    mac3: bytes | None = None

    @property
    def balance_after_fen(self) -> int:
        return self.auth.balance_fen - self.auth.amount_fen


@dataclass(frozen=True, slots=True)
class Unloaded:
    """Debited, and the centre has proven MAC3: now the money may be paid out or credited."""

    unload: PendingUnload


@dataclass(frozen=True, slots=True)
class UnloadRefused:
    """Nothing was debited. `pending` given: the centre granted it and is to hear that it came to nothing."""

    reason: Reason
    sw: int | None = None
    why: Text | None = None
    pending: PendingUnload | None = None


@dataclass(frozen=True, slots=True)
class UnloadUnknown:
    """Perhaps debited, or debited and not proven yet: pay nothing, do what `remedy` says."""

    pending: PendingUnload
    reason: Reason
    remedy: Remedy
    sw: int | None = None


UnloadOutcome = Unloaded | UnloadRefused | UnloadUnknown


# --- overdraft 透支限额 ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OverdraftOrder:
    """A new limit of the ED in fen."""

    limit_fen: int
    terminal_id: bytes
    key_id: int = 1
    pin: Pin | None = None


@dataclass(frozen=True, slots=True)
class PendingOverdraft:
    """A granted change, kept durably before it is sent."""

    auth: OverdraftAuth
    key_id: int
    time_s: int


@dataclass(frozen=True, slots=True)
class OverdraftSet:
    """Changed; the TAC goes to the centre."""

    change: PendingOverdraft
    tac: bytes


@dataclass(frozen=True, slots=True)
class OverdraftRefused:
    """Nothing was changed. `pending` given: the centre granted it."""

    reason: Reason
    sw: int | None = None
    why: Text | None = None
    pending: PendingOverdraft | None = None


@dataclass(frozen=True, slots=True)
class OverdraftUnknown:
    """Perhaps changed."""

    pending: PendingOverdraft
    reason: Reason
    remedy: Remedy
    sw: int | None = None


OverdraftOutcome = OverdraftSet | OverdraftRefused | OverdraftUnknown
