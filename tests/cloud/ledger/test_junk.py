"""Messages that are none of ours: kept once, and within bounds."""

import pytest

from cloud.ledger.ledger import Ledger
from cloud.ledger.receive import quarantine
from shared.facts.books import MessageJunk
from shared.wire.codec import MESSAGE_MAX
from tests.cloud.ledger import campus as c


def keep(ledger: Ledger, raw: bytes) -> None:
    ledger.quarantine_message(c.BOX, c.PARTITION, raw, MessageJunk("why"), c.NOW.unix_ms)


def sizes(ledger: Ledger) -> list[int]:
    with ledger.database.reading():
        return [len(raw) for (raw,) in ledger.database.run("SELECT raw FROM junk ORDER BY id")]


def test_one_is_kept_once_and_a_giant_up_to_the_largest_message(ledger: Ledger) -> None:
    for raw in (b"junk", b"junk", bytes(MESSAGE_MAX + 5), b""):
        keep(ledger, raw)
    assert sizes(ledger) == [4, MESSAGE_MAX, 0]


def test_of_one_too_many_the_beginning_is_kept(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "WHOLE_MAX", 2)
    same = bytes(1000)
    for raw in (b"1" + same, b"2" + same, b"3" + same, same + b"4", same + b"5", same + b"5"):
        keep(ledger, raw)
    assert sizes(ledger) == [1001, 1001, quarantine.BEGINNING, quarantine.BEGINNING, quarantine.BEGINNING]
