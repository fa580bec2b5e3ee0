"""Unload 圈提 at the desk: the card's flow driven with the ledger behind it, kept durably, settled after any cut.

The ledger checks MAC1, gives MAC2 and proves MAC3; nothing is paid out before its receipt. What is kept is a matter
of the desk; a torn card is asked again by its counter and log.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from edge.desk.doors.centre import Centre
from edge.desk.doors.matters import Matter, Matters
from shared.errors import ConfigFault, RuleBroken, WireFault
from shared.ids import card_id
from shared.purse.apdu import CardChannel
from shared.purse.desk_outcomes import (
    PendingOverdraft,
    PendingUnload,
    Unloaded,
    UnloadOrder,
    UnloadOutcome,
    UnloadRefused,
)
from shared.purse.effects import CentreAnswer, CentreQuestion, Denial, Grant, UnloadProof, drive_desk
from shared.purse.errors import CardLost
from shared.purse.flows.unload import prove_unload, recover_unload, unload
from shared.purse.load_auth import LoadAuth
from shared.purse.outcomes import CardIdentity
from shared.purse.profiles import Purse
from shared.purse.reasons import Reason
from shared.wire.desk.calls import DeskOp, No, ReceiptSaid, parse_receipt
from shared.words.voice import Text


@dataclass(frozen=True, slots=True)
class UnloadEnd:
    """receipt: of the ledger, when the unload is proven. by_ledger: the ledger knew, and the card was not asked."""

    outcome: UnloadOutcome
    receipt: ReceiptSaid | None
    by_ledger: bool = False


class NoCard:
    """In a flow that needs none."""

    def transmit(self, _: bytes, /) -> bytes:
        raise CardLost("there is no card")


class Unloading:
    """One unload, begun or taken up again."""

    def __init__(self, centre: Centre, matters: Matters, matter: Matter) -> None:
        self._centre = centre
        self._matters = matters
        self._matter = matter
        self._receipt: ReceiptSaid | None = None

    def run(self, order: UnloadOrder, identity: CardIdentity, card: CardChannel) -> UnloadEnd:
        """From the start."""
        return self._ended(drive_desk(unload(order, identity), card=card, centre=self._ask, keep=self._keep))

    def settle(self, identity: CardIdentity, card: CardChannel) -> UnloadEnd:
        """With the same card in the field again. What the ledger knows already, the card need not tell."""
        known = self.look()
        if known is not None:
            return known
        flow = recover_unload(pending_of(self._matter), identity)
        return self._ended(drive_desk(flow, card=card, centre=self._ask, keep=self._keep))

    def hand_in(self) -> UnloadEnd:
        """Without a card: the proof is kept already. ConfigFault when it is not."""
        pending = pending_of(self._matter)
        if pending.mac3 is None:
            raise ConfigFault(Text("需要原卡", "the card itself is needed"))
        flow = prove_unload(pending, pending.mac3)
        return self._ended(drive_desk(flow, card=NoCard(), centre=self._ask, keep=self._keep))

    def look(self) -> UnloadEnd | None:
        """The ledger's own word: the card's next counter may have settled it, here or at another desk."""
        pending = pending_of(self._matter)
        answer = self._centre.ask(DeskOp.UNLOAD_CASE, [self._matter.key])
        if not isinstance(answer, list) or len(answer) != 2 or pending.mac3 is not None:
            return None
        if answer[0] == 1:
            self._matters.end(self._matter)
            return UnloadEnd(Unloaded(pending), parse_receipt(answer[1]), by_ledger=True)
        if answer[0] == 0:
            self._matters.end(self._matter)
            return UnloadEnd(UnloadRefused(Reason.CARD_GONE, None, None, pending), None, by_ledger=True)
        return None

    def _ended(self, outcome: UnloadOutcome) -> UnloadEnd:
        """Unknown stays a matter; the other two are over."""
        match outcome:
            case Unloaded():
                self._matters.end(self._matter)
            case UnloadRefused(pending=pending):
                if pending is not None:
                    self._centre.ask(DeskOp.UNLOAD_NOTHING, [self._matter.key])
                self._matters.end(self._matter)
        return UnloadEnd(outcome, self._receipt)

    def _keep(self, pending: PendingUnload | PendingOverdraft) -> None:
        if not isinstance(pending, PendingUnload):
            raise RuleBroken("this desk unloads")
        self._matter = replace(self._matter, body=_body(pending))
        self._matters.keep(self._matter)

    def _ask(self, question: CentreQuestion) -> CentreAnswer:
        key = self._matter.key
        match question:
            case LoadAuth():
                return _grant(self._centre.ask(DeskOp.UNLOAD, [key, list(question)]))
            case UnloadProof(mac3=mac3):
                return self._proven(self._centre.ask(DeskOp.UNLOAD_PROOF, [key, mac3]))
            case _:
                return None

    def _proven(self, answer: list[Any] | No | None) -> CentreAnswer:
        """A refusal is no 'no': the ledger has not judged the proof."""
        if not isinstance(answer, list) or len(answer) != 2 or not isinstance(answer[0], bool):
            return None
        if answer[0]:
            self._receipt = parse_receipt(answer[1])
        return answer[0]


def _grant(answer: list[Any] | No | None) -> CentreAnswer:
    if isinstance(answer, No):
        return Denial(answer.words)
    if answer is None or len(answer) != 2 or type(answer[0]) is not int or not isinstance(answer[1], bytes):
        return None
    return Grant(answer[0], answer[1])


# --- the matter --------------------------------------------------------------------------------------------------


def _body(pending: PendingUnload) -> dict[str, Any]:
    auth = [value.hex() if isinstance(value, bytes) else value for value in pending.auth]
    return {
        "auth": auth, "purse": pending.purse.value, "key_id": pending.key_id, "time_s": pending.time_s,
        "mac3": None if pending.mac3 is None else pending.mac3.hex(),
    }  # fmt: skip


def pending_of(matter: Matter) -> PendingUnload:
    """What was kept; WireFault when it is not whole."""
    body = matter.body
    try:
        card, version, algorithm, rnd, counter, balance, fen, kind, terminal, mac1 = body["auth"]
        auth = LoadAuth(
            card_id(bytes.fromhex(card)), version, algorithm, bytes.fromhex(rnd), counter, balance, fen, kind,
            bytes.fromhex(terminal), bytes.fromhex(mac1),
        )  # fmt: skip
        mac3 = None if body["mac3"] is None else bytes.fromhex(body["mac3"])
        return PendingUnload(auth, Purse(body["purse"]), body["key_id"], body["time_s"], mac3)
    except (KeyError, TypeError, ValueError) as fault:
        raise WireFault(f"matter {matter.key.hex()}: not an unload") from fault


def is_granted(matter: Matter) -> bool:
    """Was MAC2 given out, so that the card may have debited itself?"""
    return matter.kind == DeskOp.UNLOAD and "auth" in matter.body
