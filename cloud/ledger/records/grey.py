"""What became of unproven purchases 灰记录 of one card counter: a pure function of all that is held about it.

Because it looks at the whole set every time, the order in which records arrive changes nothing. Order of belief: a
proven purchase with the same counter; the terminal's own 'not debited', made with the card in its field; the card's
next counter and balance. What fits two unproven purchases proves neither.
"""

from collections.abc import Collection, Sequence
from enum import IntEnum
from typing import NamedTuple


class State(IntEnum):
    """Of a suspense case. Frozen numbers: they stand in the books."""

    OPEN = 0
    EVIDENCE = 1
    """Debited: the entry comes from this record, by evidence."""
    RECOVERED = 2
    """Debited: another record proved it and carries the entry."""
    NOTHING = 3
    """Not debited, not credited."""
    EMPTY = 4
    """Done, over nothing: the boarding of a line with distance fare. There is nothing to post."""


STANDS = frozenset({State.EVIDENCE, State.EMPTY})
"""The card did this very step, by evidence: what came before it may rest on its balance."""


class Case(NamedTuple):
    """An unproven purchase: its number in the books, its debit (PSAM id, ttn), and what the card said before it.

    apart: from a box that its device is not at; what its own box brings of the same debit goes before.
    """

    record: int
    debit: tuple[bytes, int]
    balance_fen: int
    amount_fen: int
    apart: bool = False

    @property
    def rank(self) -> tuple[bool, int]:
        """Lowest first: the one that is posted."""
        return self.apart, self.record


class LoadStep(NamedTuple):
    """A load that the card took: its online counter, the balance before it, and its sum."""

    counter: int
    balance_fen: int
    amount_fen: int


class Evidence(NamedTuple):
    """claimed: records that their terminal called not debited. proof: the debit (PSAM id, ttn) of a proven purchase
    with the same counter. next_balance_fen: balance as read by a proven purchase with the next counter. loads: by
    online counter."""

    claimed: Collection[int] = ()
    proof: tuple[bytes, int] | None = None
    next_balance_fen: int | None = None
    loads: Sequence[LoadStep] = ()


def settle(cases: Sequence[Case], evidence: Evidence) -> dict[int, State]:
    """The state of each case of one (card, purse, counter)."""
    if evidence.proof is not None:
        return {c.record: State.RECOVERED if c.debit == evidence.proof else State.NOTHING for c in cases}
    states = {c.record: State.NOTHING if c.record in evidence.claimed else State.OPEN for c in cases}
    fitting = [c for c in cases if states[c.record] is State.OPEN and _fits(c, evidence)]
    if len({c.debit for c in fitting}) == 1:
        states |= _decided(cases, states, min(fitting, key=lambda c: c.rank))
    return states


def _decided(cases: Sequence[Case], states: dict[int, State], debited: Case) -> dict[int, State]:
    """One debit took this counter, so no other did; a second record of the same debit only repeats it."""
    decided = {}
    for c in cases:
        if c.record == debited.record:
            decided[c.record] = State.EVIDENCE if c.amount_fen else State.EMPTY
        elif states[c.record] is State.OPEN:
            decided[c.record] = State.RECOVERED if c.debit == debited.debit else State.NOTHING
    return decided


def _fits(case: Case, evidence: Evidence) -> bool:
    wanted = evidence.next_balance_fen
    return wanted is not None and _reaches(case.balance_fen - case.amount_fen, wanted, evidence.loads)


def _reaches(balance_fen: int, wanted_fen: int, loads: Sequence[LoadStep]) -> bool:
    """Does the balance become the wanted one by no load, or by some loads in a row that begin at it?"""
    if balance_fen == wanted_fen:
        return True
    starts = (n for n, step in enumerate(loads) if step.balance_fen == balance_fen)
    return any(_walks(balance_fen, wanted_fen, loads[n:]) for n in starts)


def _walks(balance_fen: int, wanted_fen: int, loads: Sequence[LoadStep]) -> bool:
    expected = loads[0].counter
    for step in loads:
        if step.counter != expected or step.balance_fen != balance_fen:
            return False
        balance_fen, expected = balance_fen + step.amount_fen, expected + 1
        if balance_fen == wanted_fen:
            return True
    return False
