"""What a real ledger shows, as signals: each is in the closed list, of its kind; half-done loads, cashiers, meals."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.values import Now
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.signals import SIGNALS
from cloud.watch.alarms.terms import Kind, Signal, Source
from cloud.watch.alarms.watching import Watching
from cloud.watch.readings import books_signals
from cloud.watch.subjects.meals import Meals
from shared.clocks.clock import DAY_S
from shared.records import Kind as RecordKind
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import NOW, Box, later
from tests.cloud.ledger.fleet.parameters.test_pushing import Office, campus_file
from tests.cloud.ledger.loads.test_state import CARD, ask

WANG = Source(Kind.PERSON, "王芳")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(open_ledger(str(tmp_path / "ledger.db"), c.LEDGER_ID)) as opened:
        opened.import_inventory(c.inventory(), NOW)
        yield opened


def read(ledger: Ledger, now: Now = NOW) -> dict[tuple[str, Source], Signal]:
    return {(one.name, one.source): one for one in books_signals(Reader(ledger.database), now, {bytes(c.POS)})}


def campus(ledger: Ledger, name: str, now: Now = NOW) -> float | None:
    return read(ledger, now)[name, Source(Kind.CAMPUS)].value


def test_every_signal_is_in_the_list_and_a_new_ledger_raises_nothing(ledger: Ledger) -> None:
    found = list(read(ledger).values())
    assert all(SIGNALS[one.name].kind is one.source.kind for one in found)
    assert Watching(RULES).read(found, is_meal=True) == []


def test_a_load_that_its_card_did_not_take_counts_until_the_card_has_said_so(ledger: Ledger) -> None:
    box = Box(ledger)
    ledger.deposit(CARD, 5000, "receipt", NOW)
    ask(ledger, 3, 2000, 1)
    assert campus(ledger, "load-unwritten") == 0, "its record is on its way"
    box.send(c.stored(c.load(1, CARD, 3, 2000, c.OPENING, request=1, kind=RecordKind.LOAD_UNPROVEN)))
    assert campus(ledger, "load-unwritten") == 1
    box.send(c.stored(c.load(2, CARD, 3, 2000, c.OPENING, request=1, kind=RecordKind.NOT_CREDITED, linked=1)))
    assert campus(ledger, "load-unwritten") == 1
    ask(ledger, 3, 0, 2)
    assert campus(ledger, "load-unwritten") == 0


def test_a_cashier_whose_day_is_over_is_due_until_it_is_closed(ledger: Ledger) -> None:
    desk = DeskLedger(ledger.opened)
    desk.cash_float(b"f" * 16, "王芳", 10_000, NOW)
    left = DAY_S - NOW.campus_s % DAY_S
    assert read(ledger)["close-due", WANG].value == 0
    assert read(ledger, later(seconds=left + 7200))["close-due", WANG].value == 2
    desk.close_day(b"c" * 16, "王芳", 10_000, 0, later(seconds=left + 7200))
    assert read(ledger, later(seconds=left + 9000))["close-due", WANG].value == 0


def test_the_meals_of_the_parameters_that_count_are_those_of_the_watch(ledger: Ledger) -> None:
    reader = Reader(ledger.database)
    assert Meals(reader.meals_begin()).at(NOW.campus_s) is None
    Office(ledger.opened).push(campus_file())
    begins = reader.meals_begin()
    assert begins == tuple(row.from_s for row in campus_file().meals)
    assert Meals(begins).at(NOW.campus_s - NOW.campus_s % DAY_S + begins[0] + 60) is (True if begins else None)
