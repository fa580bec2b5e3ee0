"""Receipts of parts, kept beside their messages: when one has arrived, that it is told once, and of the right one."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud.store.db import Database
from cloud.watch.notify import queue
from cloud.watch.notify.channels import receipts
from cloud.watch.notify.channels.door import AWAITED_MAX, Arrived, Given
from cloud.watch.notify.channels.smpp_pdu import forms, plain
from cloud.watch.notify.queue import Message, State
from cloud.watch.notify.terms import Channel, Why
from cloud.watch.store import open_watch

PHONE, OTHER = "13800138000", "13900139000"


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with closing(open_watch(tmp_path)) as store:
        yield store.db


def went(db: Database, *parts: str, to: str = PHONE, at_ms: int = 0) -> int:
    """A message that its way has taken as these parts."""
    with db.writing():
        draft = Message(0, at_ms, "王芳", Channel.SMS, to, Why.CALL, (), "", "x")
        number = queue.put(db, draft)
        message = draft._replace(number=number)
        given = Given("+".join(parts), parts)
        queue.taken(db, message, at_ms, given.receipt)
        receipts.sent(db, message, given)
    return number


def comes(db: Database, *numbers: str, is_there: bool = True, address: str = "") -> int:
    """A receipt; the number of the message that goes by another way, or 0."""
    with db.writing():
        lost = receipts.came(db, Channel.SMS, Arrived(numbers, is_there, address))
    return lost.number if lost else 0


def state(db: Database, number: int) -> State:
    with db.reading():
        return next(one.state for one in queue.messages(db, 100) if one.number == number)


def test_a_message_has_arrived_with_its_last_part_in_any_order(db: Database) -> None:
    number = went(db, "7", "8", "9")
    for part in ("9", "7"):
        assert comes(db, part) == 0
        assert state(db, number) is State.SENT
    comes(db, "9")  # a second time
    assert state(db, number) is State.SENT
    comes(db, "8")
    assert state(db, number) is State.ARRIVED


def test_one_part_that_is_lost_ends_it_once(db: Database) -> None:
    number = went(db, "7", "8")
    assert comes(db, "7", is_there=False) == number
    assert [comes(db, "8"), comes(db, "8", is_there=False), comes(db, "7", is_there=False)] == [0, 0, 0]
    assert state(db, number) is State.FAILED


def test_a_word_after_the_last_one_changes_nothing(db: Database) -> None:
    number = went(db, "7")
    comes(db, "7")
    assert comes(db, "7", is_there=False) == 0
    assert state(db, number) is State.ARRIVED


def test_it_may_come_after_a_restart(db: Database, tmp_path: Path) -> None:
    number = went(db, "1A", "1B")
    comes(db, "1A")
    with closing(open_watch(tmp_path)) as later:
        comes(later.db, "1B")
        assert state(later.db, number) is State.ARRIVED


@pytest.mark.parametrize(
    ("answer", "receipt"), [("0000001a", "26"), ("26", "1A"), ("1A", "0000001A"), ("c449ab9744f4", "215820690474228")]
)
def test_a_gateway_may_write_in_hex_here_and_in_decimal_there(db: Database, answer: str, receipt: str) -> None:
    number = went(db, plain(answer))
    comes(db, *forms(receipt), address=f"+86{PHONE}")
    assert state(db, number) is State.ARRIVED


def test_a_number_that_is_no_number_is_taken_as_it_is() -> None:
    assert forms("a1-B2") == ("a1-B2",)
    assert plain("0") == "0"


def test_the_same_form_is_believed_before_another(db: Database) -> None:
    first, second = went(db, "10"), went(db, "16")
    comes(db, *forms("16"))
    assert [state(db, number) for number in (first, second)] == [State.SENT, State.ARRIVED]


def test_a_receipt_of_another_phone_is_of_another_message(db: Database) -> None:
    mine, others = went(db, "16"), went(db, "10", to=OTHER)
    comes(db, *forms("16"), address=OTHER)  # a gateway that answers in hex and reports in decimal
    assert [state(db, number) for number in (mine, others)] == [State.SENT, State.ARRIVED]
    comes(db, "16", address=OTHER)
    assert state(db, mine) is State.SENT


def test_a_number_that_comes_round_is_the_newest_messages(db: Database) -> None:
    """A modem numbers from 0 to 255."""
    old, new = went(db, "7"), went(db, "7")
    comes(db, "7")
    assert [state(db, number) for number in (old, new)] == [State.SENT, State.ARRIVED]


def test_what_is_asked_for_is_young_and_not_too_much(db: Database) -> None:
    for n in range(AWAITED_MAX + 5):
        went(db, f"p{n}", at_ms=1000)
    with db.reading():
        assert len(receipts.awaited(db, Channel.SMS, 2000)) == AWAITED_MAX
        assert receipts.awaited(db, Channel.SMS, 1000 + receipts.ASKED_MS) == []


def test_the_oldest_are_given_up_and_stay_sent(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts, "PARTS_MAX", 2)
    numbers = [went(db, f"p{n}") for n in range(3)]
    for n in range(3):
        comes(db, f"p{n}")
    assert [state(db, number) for number in numbers] == [State.SENT, State.ARRIVED, State.ARRIVED]
