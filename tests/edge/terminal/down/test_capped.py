"""A capped card at a whole body: one meal a period from the next period on, never refused, and it ends by itself."""

import pytest

from edge.link import messages as link
from edge.link.messages import Type
from edge.terminal.store.papers import MemoryPapers
from edge.terminal.taps.steps import End
from shared.fleet.capped import MEAL_FEN, UNTIL_UNDONE, CapRow, capped_body
from shared.fleet.document import DocumentKind
from shared.ids import CardId
from shared.purse.reasons import Reason
from shared.wire.fleet_lane import Verdict
from tests.edge.terminal.conftest import NOON_S, Bench
from tests.edge.terminal.down.centre import CAMPUS_PUBLIC, Centre

HOUR = 3600
MEALS = [{"meal": 1, "name": "午餐", "from_s": 11 * HOUR}, {"meal": 2, "name": "晚餐", "from_s": 17 * HOUR}]
MINE = 0x4711
CARD = CardId(b"\x53\3" + MINE.to_bytes(8, "big"))
DINNER_S = 17 * HOUR


class Counter(Bench):
    """A body with two meal periods that takes the list."""

    def __init__(self, school, **changed):
        self.papers = MemoryPapers()
        self.centre = Centre(DocumentKind.CAPPED)
        parameters = {"version": 1, "caps": None, "meals": MEALS}
        super().__init__(
            school, papers=self.papers, campus_key=CAMPUS_PUBLIC.hex(), **({"parameters": parameters} | changed)
        )
        self.edge.wanted = self._pages
        self.connect()
        self.memory = school.memory(MINE)

    def _pages(self, want):
        pages = (self.centre.page(want.generation, number) for number in want.numbers)
        return [self.edge.seal(Type.DOCUMENT_PAGE, link.DOCUMENT_PAGE.encode(page)) for page in pages]

    def offer(self, *rows: CapRow) -> Verdict:
        generation = self.centre.make(capped_body(rows))
        self.deliver(self.edge.seal(Type.DOCUMENT_KEY, link.DOCUMENT_KEY.encode(self.centre.key)))
        self.deliver(self.edge.seal(Type.DOCUMENT_HEAD, link.DOCUMENT_HEAD.encode(self.centre.head(generation))))
        self.wait(0)
        return self.edge.reports[-1].verdict

    def pay(self, fen: int):
        return self.sell(self.memory, fen)

    def until(self, second: int) -> None:
        """Of this day."""
        self.wait(second - (self.firmware.body.time().seconds % (24 * HOUR)))


@pytest.fixture
def counter(school):
    return Counter(school)


def test_the_card_eats_on_in_the_running_period_and_one_meal_in_the_next(counter):
    assert counter.offer(CapRow(CARD, NOON_S + 1)) is Verdict.IN_USE
    assert counter.pay(MEAL_FEN + 500).end is End.DONE, "the running period is nobody's to cut"
    counter.until(DINNER_S + 1)
    assert counter.pay(MEAL_FEN + 1).reason is Reason.CAP_MEAL_SUM
    assert counter.pay(MEAL_FEN - 100).end is End.DONE, "nobody is hungry"
    assert counter.pay(101).reason is Reason.CAP_MEAL_SUM
    assert counter.pay(100).end is End.DONE, "one meal, in however many purchases"


def test_a_cap_taken_off_is_over_at_once_and_one_that_lapses_ends_without_network(counter):
    counter.offer(CapRow(CARD, NOON_S + 1, NOON_S + 6 * HOUR))
    counter.until(DINNER_S + 1)
    assert counter.pay(MEAL_FEN + 1).reason is Reason.CAP_MEAL_SUM
    counter.until(18 * HOUR + 60)
    assert counter.pay(MEAL_FEN + 1).end is End.DONE, "it has lapsed, whoever is away"
    counter.offer(CapRow(CARD, NOON_S + 1, UNTIL_UNDONE))
    assert counter.pay(1000).reason is Reason.CAP_MEAL_SUM
    counter.offer()
    assert counter.pay(1000).end is End.DONE


def test_the_list_is_durable_before_it_counts_and_caps_nobody_else(counter):
    other = counter.school.memory(0x4712)
    counter.offer(CapRow(CARD, NOON_S + 1))
    counter.until(DINNER_S + 1)
    counter.firmware.close()
    counter.power_on()
    counter.connect()
    assert counter.pay(MEAL_FEN + 1).reason is Reason.CAP_MEAL_SUM
    assert counter.sell(other, MEAL_FEN + 1).end is End.DONE


def test_a_lower_limit_of_the_class_stays_and_the_screen_says_why(school):
    counter = Counter(school, parameters={"version": 1, "caps": {"meal_fen": 800}, "meals": MEALS})
    counter.offer(CapRow(CARD, NOON_S + 1))
    counter.until(DINNER_S + 1)
    assert counter.pay(900).reason is Reason.CAP_MEAL_SUM
    assert any("每餐限" in str(one) for one in counter.displays)


def test_a_list_that_is_none_changes_nothing(counter):
    counter.offer(CapRow(CARD, NOON_S + 1))
    counter.until(DINNER_S + 1)
    generation = counter.centre.make(capped_body([])[:-1] + b"\x07")
    counter.deliver(counter.edge.seal(Type.DOCUMENT_HEAD, link.DOCUMENT_HEAD.encode(counter.centre.head(generation))))
    counter.wait(0)
    assert counter.edge.reports[-1].verdict is Verdict.MALFORMED
    assert counter.pay(MEAL_FEN + 1).reason is Reason.CAP_MEAL_SUM
