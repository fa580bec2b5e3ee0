"""Planted defects of the split, of copies and of replays: see afternoon.py and defects.py."""

from typing import Any

from cloud.ledger.findings import acting, closing, look
from cloud.ledger.loads.split import due
from cloud.ledger.loads.split.moving import Movable
from cloud.ledger.receive import authorise
from cloud.ledger.records.judge import Reason
from tests.sim.paying_defects import Mistake, Mistaken

TOO_MUCH_FEN = 50_00


class _LoadsWrongly(Mistaken):
    calls = ("load_authorise",)


class LoadsWhatNobodySays(_LoadsWrongly):
    """By itself a card is loaded with more than rule and order say."""

    def mistakes(self) -> tuple[Mistake, ...]:
        return ((due, "onto_card", lambda *_: Movable(TOO_MUCH_FEN)),)


class LoadsBelowTheFloor(_LoadsWrongly):
    """What the school wants to stay in an account is not looked at where it is loaded by itself."""

    def mistakes(self) -> tuple[Mistake, ...]:
        return ((due, "floor_of", lambda *_: 0), (authorise, "floor_of", lambda *_: 0))


class _LooksWrongly(Mistaken):
    calls = ("find_differences",)


class FindsNoCopies(_LooksWrongly):
    """Two genuine purchases of one counter, and nobody is told."""

    def mistakes(self) -> tuple[Mistake, ...]:
        return ((look, "look_for_copies", lambda _: False),)


class FindsNoReplays(_LooksWrongly):
    """What comes again under another number is put apart, and nothing is found."""

    def mistakes(self) -> tuple[Mistake, ...]:
        return ((acting, "_TAKEN", (int(Reason.CARD_KEY_TAKEN),)),)


class BlindToOverdrafts(_LooksWrongly):
    """A purse below zero is a difference, and no finding."""

    def mistakes(self) -> tuple[Mistake, ...]:
        return ((look, "follow_differences", lambda *_: None),)


class CallsItLate(_LooksWrongly):
    """What nobody can explain is said to be on its way."""

    def mistakes(self) -> tuple[Mistake, ...]:
        true = closing._split

        def late(*values: Any) -> closing.Apart | None:
            found = true(*values)
            return None if found is None else found._replace(late_fen=found.difference_fen)

        return ((closing, "_split", late),)
