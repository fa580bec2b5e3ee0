"""A head that no box has witnessed goes to all of them, within seconds, in the form that each speaks."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from cloud.ingest.witnesses import AGAIN, SPREAD_S, Witnesses
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.records.values import Now
from shared.ids import BoxId, StoreId
from shared.wire.messages import NONCE_SIZE, AckBody, Hello
from tests.cloud.ledger import campus as c


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with closing(open_ledger(":memory:", c.LEDGER_ID)) as ledger:
        ledger.import_inventory(c.inventory(), c.NOW)
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


def test_a_box_of_release_0_1_and_one_of_no_inventory_hear_nothing(ledger: Ledger) -> None:
    greet(ledger, c.BOX, c.PARTITION, c.STORE, b"")
    greet(ledger, BoxId("nobody"), 1, c.STORE)
    assert Witnesses(ledger).due(c.NOW) == []


def test_a_box_with_a_new_outbox_hears_of_that_one(ledger: Ledger) -> None:
    greet(ledger, c.BOX, c.PARTITION, c.STORE)
    greet(ledger, c.BOX, c.PARTITION, c.OTHER_STORE)
    assert [ack.store for ack in Witnesses(ledger).due(c.NOW)] == [c.OTHER_STORE]
