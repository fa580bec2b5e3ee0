"""What a terminal's own records say of its account payments: paid, or reversed 冲正, of each request one of the two.

A reversal gives the money back, once. One that comes before its request leaves a tombstone, so that the request is
refused for ever. One that contradicts what is held, or is above the bounds of a day, waits for two persons.
"""

from collections.abc import Sequence
from typing import NamedTuple

from cloud.ledger.books.entry import Entry, EntryKind
from cloud.ledger.books.keys import payment_reversed_key
from cloud.ledger.books.posting import account_reversed
from cloud.ledger.funds.orders.till import shut
from cloud.ledger.funds.payments.cases import PaymentCase, PaymentState, case_of, keep, means_of, reversed_on
from cloud.ledger.funds.payments.rule import is_within
from cloud.ledger.funds.successors import home_of
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.arrival import Arrival, payment_case_key
from cloud.ledger.records.judge import Reason
from cloud.ledger.records.values import OWN_PARTITION
from shared.clocks.clock import day_number
from shared.errors import RuleBroken
from shared.facts.money.payments import PaymentContradicted, PaymentReversed, PaymentUnapproved, ReversalHeld
from shared.online import PaymentResult
from shared.records import Kind, PaymentRecord


class Said(NamedTuple):
    """A record with a right MAC, by its number in the books. place: why it does not come from where it should, or
    stands beside another one under its number."""

    arrival: Arrival
    record: int
    received_s: int
    place: Reason


def take_payments(writing: Writing, said: Sequence[Said]) -> None:
    """In the order in which they came."""
    if said:
        writing.booking.flush()
    for one in said:
        if record_of(one.arrival).kind == Kind.REVERSAL:
            _reverse(writing, one)
        else:
            _paid(writing, one)


def record_of(arrival: Arrival) -> PaymentRecord:
    """Its record; RuleBroken when that is no payment's."""
    if not isinstance(arrival.record, PaymentRecord):
        raise RuleBroken("a payment case has payment records")
    return arrival.record


def _paid(writing: Writing, said: Said) -> None:
    case = case_of(writing.db, payment_case_key(said.arrival))
    if case is None:
        case = _of_record(writing, said, PaymentState.WORD)
    if case.record not in (None, said.record) or case.reversal is not None or not is_its(case, said):
        _tell(writing, PaymentContradicted(case_request(said), said.arrival.seq), said)
    elif case.state != PaymentState.APPROVED:
        _tell(writing, PaymentUnapproved(case_request(said), record_of(said.arrival).amount_fen), said)
    if case.record is None:
        keep(writing.db, case._replace(record=said.record, changed_ms=writing.now.unix_ms))


def _reverse(writing: Writing, said: Said) -> None:
    case = case_of(writing.db, payment_case_key(said.arrival))
    if case is None:
        keep(writing.db, _of_record(writing, said, PaymentState.TOMBSTONE)._replace(reversal=said.record))
        return
    is_one_of_two = case.record is not None or case.reversal is not None
    if is_one_of_two or not is_its(case, said):
        _tell(writing, PaymentContradicted(case_request(said), said.arrival.seq), said)
    if case.reversal is None:
        shut(writing, case.key)
        state, day = _reversed(writing, case, said, is_doubtful=is_one_of_two), day_number(said.received_s)
        keep(
            writing.db,
            case._replace(
                state=int(state), reversal=said.record, reversed_day=day, changed_ms=writing.now.unix_ms
            ),
        )  # fmt: skip


def _reversed(writing: Writing, case: PaymentCase, said: Said, *, is_doubtful: bool) -> PaymentState:
    """What becomes of a case by its first reversal."""
    if case.state != PaymentState.APPROVED:
        is_open = case.state in (PaymentState.REFUSED, PaymentState.OPEN)
        return PaymentState.TOMBSTONE if is_open else PaymentState(case.state)
    times, fen = reversed_on(writing.db, said.arrival.device, day_number(said.received_s))
    if is_doubtful or said.place or not is_its(case, said) or not is_within(times, fen, case.amount_fen):
        _tell(writing, ReversalHeld(case_request(said), case.amount_fen), said)
        return PaymentState.HELD
    give_back(writing, case, said)
    _tell(writing, PaymentReversed(case_request(said), case.amount_fen), said)
    return PaymentState.REVERSED


def give_back(writing: Writing, case: PaymentCase, said: Said) -> None:
    """The entry of this reversal: to the card that is in its place by now. A second one breaks the books' own rule."""
    card = writing.registry.cards[home_of(writing.db, case.card)]
    place = writing.registry.place("", said.arrival.device, said.arrival.psam)
    merchant = writing.registry.devices[said.arrival.device].merchant_account
    day, doubt = writing.day_of(said.arrival, place, card, said.received_s)
    entry = Entry(
        EntryKind.ACCOUNT_REVERSED, day, payment_reversed_key(case.key), said.arrival.sha,
        account_reversed(card.accounts, merchant, case.amount_fen), record=said.record, flags=doubt,
    )  # fmt: skip
    writing.booking.add_entry(entry, OWN_PARTITION)
    writing.booking.flush()


def _of_record(writing: Writing, said: Said, state: PaymentState) -> PaymentCase:
    """A case of which only a record is known here."""
    r, ms = record_of(said.arrival), writing.now.unix_ms
    return PaymentCase(
        payment_case_key(said.arrival), r.card, r.amount_fen, said.arrival.psam, "", b"", int(PaymentResult.REVERSED),
        0, int(state), None, day_number(said.received_s), None, None, None, ms, ms,
    )  # fmt: skip


def is_its(case: PaymentCase, said: Said) -> bool:
    """Does it speak of this card, or code, and this sum?"""
    r = record_of(said.arrival)
    return (means_of(case), case.amount_fen) == (r.card, r.amount_fen)


def case_request(said: Said) -> int:
    """Its number."""
    return record_of(said.arrival).request


def _tell(
    writing: Writing, told: PaymentContradicted | PaymentReversed | PaymentUnapproved | ReversalHeld, said: Said
) -> None:
    writing.notes.tell(told, device=writing.named(said.arrival.device))
