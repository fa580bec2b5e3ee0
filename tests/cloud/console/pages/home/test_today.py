"""Today at the tills, of a real ledger."""

from contextlib import closing
from pathlib import Path

from cloud.console.pages.home.today import DAY_MS, Today
from cloud.ledger.ledger import open_ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.read.shown.lately import CHINA_MS, HOUR_MS
from tests.cloud.ledger import campus as c

NOW_MS = c.NOW.unix_ms


def sale(seq: int, fen: int, balance: int) -> bytes:
    """The card's purchase of this number; balance: before it."""
    return c.stored(c.purchase(seq, c.card(1), seq - 1, fen, balance))


def test_sales_stand_in_their_hour_and_a_week_later_beside_it(tmp_path: Path) -> None:
    with closing(open_ledger(str(tmp_path / "ledger.db"), c.LEDGER_ID)) as ledger:
        ledger.import_inventory(c.inventory(), c.NOW)
        today = Today(Reader(ledger.database))
        assert today.read(NOW_MS)["fen"] == 0
        till = c.Box(ledger)
        till.send(sale(1, 300, c.OPENING), sale(2, 450, c.OPENING - 300))
        hour = (NOW_MS + CHINA_MS) // HOUR_MS % 24
        for _ in range(2):
            found = today.read(NOW_MS)
            assert (found["fen"], found["sales"], found["hours"][hour]) == (750, 2, 750)
            assert (found["success"], found["p95_s"]) == (None, None)
        later = today.read(NOW_MS + 7 * DAY_MS)
        assert (later["fen"], later["then"][hour]) == (0, 750)
        moved = Reader(ledger.database).marks()
        till.send(sale(3, 100, c.OPENING - 750))
        after = Reader(ledger.database).marks()
        assert (moved[0] != after[0], moved[1] == after[1]) == (True, True)
