"""What the clerk does with a message that our own code stumbles over."""

from contextlib import closing
from typing import Any

from cloud.ingest.clerk import Clerk
from cloud.ingest.tally import Tally
from cloud.ingest.ticket import Arrival, Junk, Ticket
from cloud.ledger.ledger import open_ledger
from cloud.ledger.values import Now


def test_it_is_kept_once_as_it_came_at_the_highest_grade() -> None:
    tally, unused = Tally(), Any
    with closing(open_ledger(":memory:")) as ledger:
        clerk = Clerk(ledger, unused, unused, unused, lambda: Now(1_784_000_000_000, 0), tally)
        ticket = Ticket(Arrival("now", 1, "nowhere", b"poison"), None, Junk(""), lambda: None)
        for _ in range(2):
            clerk.set_aside(ticket, ZeroDivisionError("a secret"))
        with ledger.database.reading():
            assert ledger.database.run("SELECT raw, box FROM junk") == [(b"poison", "")]
            ((level, text),) = ledger.database.run("SELECT level, text FROM fact")
    assert (level, tally.defects) == ("urgent", 2)
    assert "ZeroDivisionError" in text
    assert "secret" not in text
