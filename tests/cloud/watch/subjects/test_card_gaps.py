"""A card that misses a purchase counts once every till has said since that it owes nothing; till then nobody calls."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud.ledger.findings import card_gaps as found_gaps
from cloud.ledger.fleet.views import Completeness, TerminalView
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.read.reader import Reader
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.terms import CAMPUS
from cloud.watch.alarms.watching import Watching
from cloud.watch.subjects import card_gaps
from cloud.watch.subjects.card_gaps import CardGaps
from shared.records import Kind
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import NOW, OPENING, Box

MINUTE = 60_000
FAR = c.device(9)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(open_ledger(str(tmp_path / "ledger.db"), c.LEDGER_ID)) as opened:
        opened.import_inventory(c.inventory(), NOW)
        yield opened


def sale(seq: int, counter: int, card: int = 1, **how: object) -> bytes:
    return c.stored(c.purchase(seq, c.card(card), counter, 100, OPENING - 100 * counter, **how))


class Looks:
    """A watch over this ledger, and two tills that it hears of. at_ms: now."""

    def __init__(self, ledger: Ledger) -> None:
        self.books, self.gaps, self.at_ms = Reader(ledger.database), CardGaps(), NOW.unix_ms
        self.said = {c.POS: (self.at_ms, 0, 0), FAR: (self.at_ms, 0, 0)}
        self.watching = Watching(RULES)

    def says(self, device: bytes = c.POS, owes: int = 0, slots: int = 0) -> None:
        self.said[device] = self.at_ms, owes, slots

    def look(self, after_ms: int = MINUTE, *, is_heard: bool = True) -> float | None:
        self.at_ms += after_ms
        tills = [
            TerminalView(
                device, "", "", "", c.BOX, 1, 9, 9, 9, ((9, 8 + owes),) if owes else (), Completeness.LATE, slots, heard
            )
            for device, (heard, owes, slots) in self.said.items()
        ]
        (signal,) = self.gaps.of(self.books, tills, self.at_ms, is_heard=is_heard)
        self.watching.read([signal], is_meal=False)
        assert signal.source == CAMPUS
        return signal.value

    def raised(self) -> set[str]:
        return {key.rule for key, alarm in self.watching.memory.alarms.items() if alarm.is_active}


@pytest.fixture
def looks(ledger: Ledger) -> Looks:
    return Looks(ledger)


def test_what_every_till_has_drained_since_is_missing_for_good_and_an_alarm(ledger: Ledger, looks: Looks) -> None:
    box = Box(ledger)
    box.send(sale(1, 0), sale(3, 2))
    looks.says()
    looks.says(FAR)
    assert looks.look() == 0, "it was seen just now"
    looks.at_ms += MINUTE
    looks.says()
    assert looks.look() == 0, "the other one may bring it"
    looks.says(FAR)
    assert (looks.look(), looks.raised()) == (1, set())
    assert (looks.look(), looks.raised()) == (1, {"card-gap"})
    assert (looks.look(is_heard=False), looks.raised()) == (None, {"card-gap"}), "unknown ends nothing"
    box.send(sale(2, 1))
    looks.look()
    assert (looks.look(), looks.raised()) == (0, set())


def test_a_hole_that_is_known_is_not_forgotten_behind_newer_sales(ledger: Ledger, looks: Looks) -> None:
    box = Box(ledger)
    box.send(sale(1, 0), sale(3, 2))
    looks.look()
    box.send(*(sale(4 + n, 3 + n) for n in range(found_gaps.NEWEST)))
    looks.at_ms += MINUTE
    looks.says()
    looks.says(FAR)
    assert looks.look() == 1


@pytest.mark.parametrize("owing", [{"owes": 2}, {"slots": 1}])
def test_while_a_till_owes_it_is_late_and_no_more(ledger: Ledger, looks: Looks, owing: dict[str, int]) -> None:
    Box(ledger).send(sale(1, 0), sale(3, 2))
    for _ in range(9):
        looks.says(**owing)
        looks.says(FAR)
        assert looks.look() == 0
    looks.says()
    looks.says(FAR)
    assert looks.look() == 1


def test_what_is_not_decided_is_no_hole_and_a_card_may_begin_anywhere(ledger: Ledger, looks: Looks) -> None:
    Box(ledger).send(sale(1, 7), sale(2, 8), sale(3, 5, 2), sale(4, 6, 2, kind=Kind.UNPROVEN))
    for _ in range(3):
        looks.says()
        looks.says(FAR)
        assert looks.look() == 0


def test_cards_are_counted_and_many_records_are_read_in_pieces(
    ledger: Ledger, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(found_gaps, "RECORDS_MAX", 2)
    Box(ledger).send(*(sale(n, counter, card) for n, (card, counter) in enumerate(
        [(1, 0), (1, 2), (1, 4), (2, 0), (2, 1), (3, 3), (3, 9)], 1
    )))  # fmt: skip
    found = []
    for _ in range(6):
        found.append(looks.look())
        looks.says()
        looks.says(FAR)
    assert found == [0, 0, 1, 1, 2, 2]


def test_beyond_its_bound_a_hole_waits_until_another_is_filled(
    ledger: Ledger, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(card_gaps, "HOLES_MAX", 1)
    Box(ledger).send(sale(1, 0, 1), sale(2, 2, 1), sale(3, 0, 2), sale(4, 2, 2))
    looks.look()
    looks.at_ms += MINUTE
    looks.says()
    looks.says(FAR)
    assert looks.look() == 1


def test_a_ledger_that_was_put_back_is_begun_anew(ledger: Ledger, looks: Looks) -> None:
    Box(ledger).send(sale(1, 0), sale(3, 2))
    assert looks.books.purses_touched(9_999).upto == 2
    assert looks.books.purses_touched(2) == (2, [])
    assert looks.books.purses_touched(None).purses == [(bytes(c.card(1)), 0)]
