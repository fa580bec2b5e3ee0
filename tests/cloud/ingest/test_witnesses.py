"""A head that no box has witnessed goes to all of them, within seconds, in the form that each speaks."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.ingest.clerk import Clerk
from cloud.ingest.seal import AckSeal
from cloud.ingest.tally import Tally
from cloud.ingest.ticket import Arrival, Letter, Ticket
from cloud.ingest.witnesses import AGAIN, ASK_S, SPREAD_S, Witnesses
from cloud.ledger.ledger import Ledger
from cloud.ledger.records.values import Now
from shared.errors import RuleBroken
from shared.ids import BoxId, StoreId
from shared.wire.messages import FORM_1, FORM_2, NONCE_SIZE, AckBody, Batch, Hello, HelloWanted, decode_now_down
from shared.wire.topics import DOWN_MONEY, DOWN_NOW, UP_MONEY, UP_NOW, Address
from tests.cloud.ledger import campus as c
from tests.cloud.ledger import fresh


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with closing(fresh.in_memory()) as ledger:
        yield ledger


def greet(ledger: Ledger, box: BoxId, partition: int, store: StoreId, nonce: bytes = bytes(NONCE_SIZE)) -> None:
    ledger.hello(box, partition, Hello(store, 0, 0, None, nonce), lambda _: None, c.NOW)


def after(seconds: int) -> Now:
    return c.NOW._replace(unix_ms=c.NOW.unix_ms + seconds * 1000)


def told(acks: list[AckBody]) -> dict[str, int]:
    return {ack.box: ack.heads.number for ack in acks if ack.heads}


def test_a_deposit_is_witnessed_by_all_boxes_that_read_heads(ledger: Ledger) -> None:
    greet(ledger, c.BOX, c.PARTITION, c.STORE)
    greet(ledger, c.OTHER_BOX, c.OTHER_PARTITION, c.OTHER_STORE)
    witnesses = Witnesses(ledger)
    assert told(witnesses.due(c.NOW)) == {c.BOX: 1, c.OTHER_BOX: 1}, "the head that a new process finds"
    ledger.deposit(c.card(1), 1000, "d", c.NOW)
    assert witnesses.due(after(SPREAD_S - 1)) == []
    assert told(witnesses.due(after(SPREAD_S))) == {c.BOX: 2, c.OTHER_BOX: 2}


def test_it_is_said_again_for_a_message_may_be_lost_and_then_no_more(ledger: Ledger) -> None:
    greet(ledger, c.BOX, c.PARTITION, c.STORE)
    witnesses = Witnesses(ledger)
    said = [bool(witnesses.due(after(n * SPREAD_S))) for n in range(AGAIN + 2)]
    assert said == [True] * AGAIN + [False, False]


def test_a_box_shows_what_it_was_told_so_that_the_books_know_it(ledger: Ledger) -> None:
    """Once a minute, for a rush brings a head with every deposit; and once more when that is over."""
    greet(ledger, c.BOX, c.PARTITION, c.STORE)
    witnesses, asked = Witnesses(ledger), dict[int, int]()
    for second in range(4 * ASK_S):
        if second <= ASK_S:
            ledger.deposit(c.card(1), 1000, str(second), c.NOW)
        witnesses.due(after(second))
        for ack in witnesses.to_ask(after(second)):
            assert ack.heads is not None
            asked[second] = ack.heads.number
    assert asked == {ASK_S: ASK_S + 2, 2 * ASK_S + SPREAD_S: ASK_S + 2}


def test_a_box_of_release_0_1_and_one_of_no_inventory_hear_nothing(ledger: Ledger) -> None:
    greet(ledger, c.BOX, c.PARTITION, c.STORE, b"")
    greet(ledger, BoxId("nobody"), 1, c.STORE)
    assert Witnesses(ledger).due(c.NOW) == []


def test_a_box_with_a_new_outbox_hears_of_that_one(ledger: Ledger) -> None:
    greet(ledger, c.BOX, c.PARTITION, c.STORE)
    greet(ledger, c.BOX, c.PARTITION, c.OTHER_STORE)
    assert [ack.store for ack in Witnesses(ledger).due(c.NOW)] == [c.OTHER_STORE]


# ---- what was witnessed is heard before it is overwritten


def clerk_of(ledger: Ledger, clock: Callable[[], Now] = lambda: c.NOW) -> Clerk:
    return Clerk(ledger, c.check_tac, Any, AckSeal(Ed25519PrivateKey.generate()), clock, Tally())  # type: ignore[arg-type]


def ticket(body: Batch | Hello) -> Ticket:
    lane = UP_MONEY if isinstance(body, Batch) else UP_NOW
    return Ticket(Arrival(lane, 1, "", b""), Address(c.PARTITION, c.BOX, lane), body, lambda: None)


def batch(seq: int, form: int = FORM_2) -> Ticket:
    record = c.stored(c.purchase(seq, c.card(1), seq, 10, c.OPENING - 10 * seq + 10))
    return ticket(Batch(c.STORE, seq, (record,), form))


def lanes(letters: list[Letter]) -> list[str]:
    return [letter.lane for letter in letters]


HELLO = ticket(Hello(c.STORE, 0, 0, None, bytes(NONCE_SIZE)))


def test_a_box_that_has_not_greeted_this_process_is_asked_and_gets_no_head(ledger: Ledger) -> None:
    greet(ledger, c.BOX, c.PARTITION, c.STORE)
    clerk = clerk_of(ledger)
    for letters in (clerk.money([batch(1)]), clerk.witnessed()):
        (letter,) = letters
        assert decode_now_down(letter.payload) == HelloWanted(c.STORE)
    assert c.verdicts(ledger) == [(1, 0)], "it is in the books all the same"
    assert lanes(clerk.now(HELLO))[-1] == DOWN_MONEY
    assert lanes(clerk.money([batch(2)])) == [DOWN_MONEY]


def test_a_box_of_release_0_1_is_acknowledged_at_once(ledger: Ledger) -> None:
    assert lanes(clerk_of(ledger).money([batch(1, FORM_1)])) == [DOWN_MONEY]


def test_a_hello_whose_transaction_fails_does_not_count(ledger: Ledger) -> None:
    clerk = clerk_of(ledger)
    poison = Ticket(HELLO.arrival, None, HELLO.body, lambda: None)
    with pytest.raises(RuleBroken):
        clerk.together([HELLO, poison])
    assert lanes(clerk.money([batch(1)])) == [DOWN_NOW]


def test_a_box_that_was_told_is_asked_to_show_it(ledger: Ledger) -> None:
    moment = [0]
    clerk = clerk_of(ledger, lambda: after(moment[0]))
    clerk.now(HELLO)
    said = {}
    for second in range(2 * ASK_S):
        moment[0] = second
        said[second] = lanes(clerk.witnessed())
    told = {0: [DOWN_MONEY], SPREAD_S: [DOWN_MONEY]}
    assert {second: to for second, to in said.items() if to} == told | {ASK_S: [DOWN_NOW]}


def test_books_that_go_back_under_a_running_process_are_asked_about_anew(ledger: Ledger) -> None:
    clerk = clerk_of(ledger)
    clerk.now(HELLO)
    ledger.opened.began += 1
    assert lanes(clerk.money([batch(1)])) == [DOWN_NOW]
