"""Parameters that come down count from the next meal period on, whatever happens until then, and records say which."""

from dataclasses import replace

import pytest

from edge.link import messages as link
from edge.link.messages import Type
from edge.terminal.down.documents import TURN_AGAIN_S, UNKNOWN_S, Documents
from edge.terminal.store.papers import MemoryPapers
from edge.terminal.taps.steps import End
from shared.clocks.clock import DAY_S, CampusTime
from shared.fleet.document import DocumentKind, device_scope
from shared.fleet.parameters import (
    EVERY_OTHER,
    AgreedRow,
    Bearer,
    FaresRow,
    LimitRow,
    Limits,
    LineRow,
    MealRow,
    ParameterBody,
    PinRow,
    Price,
    PriceRow,
    RungRow,
)
from shared.ids import DeviceId
from shared.keys.document_key import Keyring
from shared.purse.outcomes import Pin
from shared.purse.reasons import Reason
from shared.wire.fleet_lane import Declines, Verdict
from tests.edge.terminal.down.centre import CAMPUS_NUMBER, CAMPUS_PUBLIC, Centre
from tests.edge.terminal.down.test_documents import body_of
from tests.edge.terminal.firmware.test_deeds import TornAtDebit
from tests.edge.terminal.rides import card_memory, ride, tap

HOUR = 3600
DEVICE = DeviceId(bytes.fromhex("000100000007"))
NOON_S = 817_300_800
MEALS = (MealRow(1, "早餐", 0), MealRow(2, "午餐", 10 * HOUR), MealRow(3, "晚餐", 16 * HOUR))


def body(*rows: LimitRow, **other: object) -> bytes:
    return replace(ParameterBody(meals=MEALS, limits=rows), **other).encode()


def of_every_meal(limits: Limits, card_class: int = EVERY_OTHER) -> tuple[LimitRow, ...]:
    return tuple(LimitRow(card_class, meal, limits) for meal in range(4))


class Site:
    """A terminal's documents, and a meal period that begins at `next_s`."""

    def __init__(self) -> None:
        self.centre = Centre(DocumentKind.PARAMETERS, device_scope(DEVICE))
        self.papers = MemoryPapers()
        self.next_s = 1000
        self.boot()

    def boot(self) -> Documents:
        ring = Keyring(CAMPUS_NUMBER, CAMPUS_PUBLIC)
        self.documents = Documents(DEVICE, 1, ring, self.papers, lambda: self.next_s)
        self.documents.boot()
        self.documents.key(self.centre.key)
        return self.documents

    def offer(self, generation: int, last_seq: int = 5) -> tuple[Verdict, int, int]:
        """The last word: verdict, generation in use, generation that it is about."""
        said = self.documents.head(self.centre.head(generation), last_seq, 0.0)
        while said and said[-1].layout is link.DOCUMENT_WANT:
            said = self.documents.page(self.centre.page(generation, said[-1].message.numbers[0]), last_seq, 0.0)
        return self.word(said)

    @staticmethod
    def word(said: list) -> tuple[Verdict, int, int]:
        (one,) = said
        return one.message.verdict, one.message.generation, one.message.offered

    def turn(self, at_s: int, last_seq: int = 9, *, is_set: bool = True) -> list:
        return self.documents.turn(CampusTime(at_s, is_set), last_seq)

    @property
    def generation(self) -> int:
        paper = self.documents.in_use(DocumentKind.PARAMETERS)
        return paper.head.generation if paper else 0


@pytest.fixture
def site() -> Site:
    made = Site()
    made.centre.make(body())
    made.centre.make(body(*of_every_meal(Limits(20_00))))
    made.centre.make(body(*of_every_meal(Limits(10_00))))
    return made


def test_it_is_stored_at_once_and_in_use_from_the_next_meal_period_on(site: Site) -> None:
    assert site.offer(1) == (Verdict.STORED, 0, 1)
    assert (site.turn(999), site.generation, site.documents.begins_s()) == ([], 0, 1000)
    (said,) = site.turn(1000, last_seq=9)
    assert (site.word([said]), said.message.seq) == ((Verdict.IN_USE, 1, 1), 9)
    assert (site.generation, site.documents.changed, site.documents.begins_s()) == (1, {DocumentKind.PARAMETERS}, None)
    assert site.turn(2000) == []


def test_a_power_cut_before_the_meal_period_keeps_it_and_one_after_it_does_not_bring_it_again(site: Site) -> None:
    site.offer(1)
    site.turn(1000)
    site.next_s = 2000
    assert site.offer(2) == (Verdict.STORED, 1, 2)
    assert site.word(site.boot().joined()) == (Verdict.STORED, 1, 2)
    assert (site.generation, site.turn(1999)) == (1, [])
    assert site.word(site.turn(2000)) == (Verdict.IN_USE, 2, 2)
    assert site.word(site.boot().joined()) == (Verdict.IN_USE, 2, 2)
    assert (site.generation, site.turn(9000)) == (2, [])


def test_a_newer_one_takes_the_place_of_what_waits_and_an_older_one_does_not(site: Site) -> None:
    site.offer(2)
    assert site.offer(3) == (Verdict.STORED, 0, 3)
    assert site.word(site.documents.head(site.centre.head(2), 5, 0.0)) == (Verdict.OLDER, 0, 2)
    assert site.word(site.turn(1000)) == (Verdict.IN_USE, 3, 3)


def test_a_delta_goes_on_from_what_waits(site: Site) -> None:
    site.offer(2)
    assert site.word(site.documents.delta(site.centre.delta(3), 5)) == (Verdict.STORED, 0, 3)


def test_while_nobody_knows_the_time_it_waits_and_then_for_the_next_period_from_then(site: Site) -> None:
    site.next_s = 0
    assert site.offer(1) == (Verdict.STORED, 0, 1)
    assert (site.turn(5000, is_set=False), site.documents.begins_s()) == ([], None)
    site.boot()
    site.next_s = 6000
    assert (site.turn(5000), site.documents.begins_s()) == ([], 6000)
    assert site.word(site.turn(6000)) == (Verdict.IN_USE, 1, 1)


def test_a_clock_that_was_far_ahead_holds_it_up_no_longer_than_a_period(site: Site) -> None:
    site.next_s = UNKNOWN_S - 1
    site.offer(1)
    site.next_s = 1000 + DAY_S
    assert (site.turn(1000), site.documents.begins_s()) == ([], 1000 + DAY_S)


def test_a_medium_that_refuses_leaves_those_of_before_in_use(site: Site) -> None:
    site.offer(1)
    site.papers.is_full = True
    assert site.word(site.turn(1000)) == (Verdict.NO_ROOM, 0, 1)
    assert site.generation == 0
    assert (site.turn(1000 + TURN_AGAIN_S - 1), site.documents.begins_s()) == ([], 1000 + TURN_AGAIN_S)
    site.papers.is_full = False
    assert site.word(site.turn(1000 + TURN_AGAIN_S)) == (Verdict.IN_USE, 1, 1)


def test_a_medium_that_refused_is_asked_again_after_a_power_cut(site: Site) -> None:
    site.offer(1)
    site.papers.is_full = True
    site.turn(1000)
    site.papers.is_full = False
    assert site.word(site.boot().turn(CampusTime(1000, True), 9)) == (Verdict.IN_USE, 1, 1)


@pytest.mark.parametrize("at", [0, 1, 4, 5, 40, 200, -5, -1])
def test_what_a_medium_forgot_bits_of_is_no_document(site: Site, at: int) -> None:
    site.offer(1)
    ((name, raw),) = site.papers.held.items()
    spoilt = bytearray(raw)
    spoilt[at] ^= 4
    site.papers.held[name] = bytes(spoilt)
    assert (site.boot().damaged, site.turn(5000)) == (1, [])


@pytest.mark.parametrize("profile", ["nobody's", "subsidy"])
def test_cards_that_nobody_knows_here_are_refused(site: Site, profile: str) -> None:
    site.centre.make(body(agreed=(AgreedRow(profile, bytes(8)),)))
    assert site.offer(4)[0] is Verdict.MALFORMED


# --- at a counter --------------------------------------------------------------------------------------------------


class Shop:
    """A counter that takes documents, at noon; and what it has said of them."""

    def __init__(self, kit, school, **changed) -> None:
        self.centre = Centre(DocumentKind.PARAMETERS, device_scope(DEVICE))
        self.said = []

        class Edge(kit.SmallEdge):
            def take(edge, raw, campus_s=NOON_S):  # noqa: N805
                if link.type_of(raw) is Type.DOCUMENT_REPORT:
                    self.said.append(link.DOCUMENT_REPORT.decode(edge._session.open(raw).payload))
                    return []
                if link.type_of(raw) is Type.DOCUMENT_WANT:
                    want = link.DOCUMENT_WANT.decode(edge._session.open(raw).payload)
                    pages = (self.centre.page(want.generation, number) for number in want.numbers)
                    return [edge.seal(Type.DOCUMENT_PAGE, link.DOCUMENT_PAGE.encode(page)) for page in pages]
                return super().take(raw, campus_s)

        meals = [{"meal": row.meal, "name": row.name, "from_s": row.from_s} for row in MEALS]
        settings = {"parameters": {"version": 1, "caps": None, "meals": meals}, **changed}
        self.bench = kit.Bench(school, edge=Edge(), campus_key=CAMPUS_PUBLIC.hex(), **settings)
        self.bench.options["papers"] = MemoryPapers()
        self.bench.power_on()
        self.bench.connect()

    def push(self, raw: bytes) -> int:
        generation = self.centre.make(raw)
        seal = self.bench.edge.seal
        self.bench.deliver(seal(Type.DOCUMENT_KEY, link.DOCUMENT_KEY.encode(self.centre.key)))
        self.bench.deliver(seal(Type.DOCUMENT_HEAD, link.DOCUMENT_HEAD.encode(self.centre.head(generation))))
        return generation

    def at(self, hour: int) -> None:
        """The link is gone until then, and nobody touches the counter."""
        self.bench.firmware.wire(False, self.bench.now())
        self.bench.mono_s += hour * HOUR - (self.bench.now().rtc_s - NOON_S) - 12 * HOUR

    def back(self) -> None:
        self.bench.connect()


@pytest.fixture
def shop(kit, school) -> Shop:
    return Shop(kit, school)


def test_limits_of_a_class_count_from_the_next_meal_on_without_a_link_too(shop: Shop) -> None:
    bench, memory = shop.bench, shop.bench.school.memory()
    shop.push(body(LimitRow(0, 3, Limits(single_fen=12_00)), *of_every_meal(Limits(single_fen=1_00))[3:]))
    assert shop.said[-1].verdict is Verdict.STORED
    assert bench.sell(memory, 12_50).end is End.DONE
    shop.at(16)
    assert bench.sell(memory, 12_50).reason is Reason.CAP_SINGLE
    assert bench.sell(memory, 12_00).end is End.DONE
    first, second = (record.parameter_version for record in bench.written().values())
    assert (first, second) == (1, 1), "release 0.1's settings were version 1, too"


def test_records_and_status_say_which_generation_counted(shop: Shop) -> None:
    bench, memory = shop.bench, shop.bench.school.memory()
    for _ in range(3):
        shop.push(body(*of_every_meal(Limits(single_fen=len(shop.centre.bodies) * 5_00 + 50_00))))
    bench.sell(memory, 1_00)
    shop.at(16)
    bench.sell(memory, 1_00)
    shop.back()
    bench.wait(20)
    assert [record.parameter_version for record in bench.written().values()] == [1, 3]
    assert bench.edge.statuses[-1].parameter_version == 3
    word = shop.said[-1]
    assert (word.generation, word.verdict, word.seq) == (3, Verdict.IN_USE, 1)


def test_what_is_served_and_refused_is_counted_by_generation_and_said(shop: Shop) -> None:
    bench, memory = shop.bench, shop.bench.school.memory()
    bench.sell(memory, 1_00)
    bench.wait(60)
    assert bench.edge.tallies == [], "a box that knows no documents knows no tallies"
    shop.push(body(*of_every_meal(Limits(single_fen=12_00))))
    shop.at(16)
    bench.sell(memory, 12_50)
    bench.sell(memory, 12_00)
    bench.sell(memory, 13_00)
    shop.back()
    bench.wait(60)
    (told,) = bench.edge.tallies
    day = bench.firmware.body.day_of(bench.now().rtc_s)
    assert told == link.Tally(2, day, 1, 1, (Declines(Reason.CAP_SINGLE, 2),))
    bench.sell(memory, 1_00)
    bench.wait(60)
    assert [one.served for one in bench.edge.tallies] == [1, 2], "totals, said when they have grown"
    shop.back()
    bench.wait(60)
    assert bench.edge.tallies[-1] == bench.edge.tallies[-2], "and to every edge that listens"
    bench.sell(memory, 1_00)
    bench.firmware.stop(bench.now())
    bench.exchange()
    assert bench.edge.tallies[-1].served == 3, "who stops says what there is"


def test_a_body_with_a_hotlist_and_settings_of_its_own_counts_as_generation_0(shop: Shop) -> None:
    bench, memory = shop.bench, shop.bench.school.memory()
    shop.centre = Centre()
    shop.push(body_of(3, 20_000))
    bench.sell(memory, 1_00)
    bench.wait(60)
    day = bench.firmware.body.day_of(bench.now().rtc_s)
    assert bench.edge.tallies == [link.Tally(2, day, 0, 1, ())]


def priced(*prices: PriceRow, **other: object) -> bytes:
    return body(prices=prices, **other)


def test_a_fixed_amount_is_shown_and_paid_whatever_is_keyed(shop: Shop) -> None:
    bench, memory = shop.bench, shop.bench.school.memory()
    shop.push(priced(PriceRow(0, 3, Price(6_00)), PriceRow(EVERY_OTHER, 3, Price(8_00))))
    shop.at(16)
    bench.wait(0)
    assert bench.displays[-1].title.zh == "本餐定额 ¥6.00 / ¥8.00"
    assert bench.again(memory).amount_fen == 6_00, "nothing is keyed: the card is presented"
    assert bench.sell(memory, 9_99).amount_fen == 6_00
    shop.push(body())
    shop.at(24)
    assert (bench.again(memory).reason, bench.sell(memory, 9_99).amount_fen) == (Reason.OTHER_CARD, 9_99)
    assert [record.price_adjust_fen for record in bench.written().values()] == [0, 0, 0]


def test_a_discount_is_taken_off_and_the_record_says_it(shop: Shop) -> None:
    bench, memory = shop.bench, shop.bench.school.memory()
    shop.push(priced(PriceRow(0, 3, Price(percent=20, off_fen=5, bearer=Bearer.SCHOOL))))
    shop.at(16)
    assert bench.sell(memory, 9_99).amount_fen == 9_99 - 1_99 - 5
    assert any(what.title.zh.endswith("已优惠 ¥2.04") for what in bench.displays)
    (record,) = bench.written().values()
    assert (record.amount_fen, record.price_adjust_fen) == (7_95, -2_04)


def test_a_torn_sale_at_a_discount_is_charged_once_also_when_a_meal_has_begun_since(shop: Shop) -> None:
    bench, memory = shop.bench, shop.bench.school.memory()
    shop.push(priced(PriceRow(0, 2, Price(percent=10)), PriceRow(0, 3, Price(percent=20))))
    shop.at(24 + 16)
    bench.mono_s -= 30
    bench.firmware.tick(bench.now())
    shop.at(24 + 24 + 16)
    bench.mono_s -= 30
    torn = bench.sell(memory, 10_00, card=TornAtDebit(bench.school.card(memory)))
    assert (torn.end, torn.amount_fen) == (End.UNKNOWN, 9_00)
    bench.mono_s += 31
    again = bench.sell(memory, 10_00)
    assert (again.end, again.amount_fen, len(bench.written())) == (End.DONE, 9_00, 1)
    assert bench.sell(memory, 10_00).amount_fen == 8_00


def test_of_two_purses_the_second_record_says_the_discount(kit, school) -> None:
    shop = Shop(kit, school, subsidy=True)
    memory = school.memory(subsidy=500)
    shop.push(priced(PriceRow(0, 3, Price(percent=20))))
    shop.at(16)
    assert shop.bench.sell(memory, 10_00).end is End.DONE
    records = [(record.amount_fen, record.price_adjust_fen) for record in shop.bench.written().values()]
    assert records == [(5_00, 0), (3_00, -2_00)]


@pytest.mark.parametrize("subsidy", [None, 500])
def test_above_a_sum_of_the_day_the_card_checks_its_holders_pin(kit, school, subsidy: int | None) -> None:
    shop = Shop(kit, school, subsidy=bool(subsidy))
    bench, memory = shop.bench, school.memory(subsidy=subsidy, pin=bytes.fromhex("123456"))
    shop.push(body(pins=tuple(PinRow(EVERY_OTHER, meal, 20_00) for meal in range(4))))
    shop.at(16)
    assert bench.sell(memory, 15_00).end is End.DONE, "not above the sum"
    assert bench.sell(memory, 6_00).reason is Reason.PIN_WANTED
    assert bench.sell(memory, 6_00, pin=Pin(bytes.fromhex("999999"))).reason is Reason.PIN_WRONG
    assert bench.sell(memory, 6_00, pin=Pin(bytes.fromhex("123456"))).end is End.DONE
    assert bench.sell(memory, 6_00).reason is Reason.PIN_WANTED, "for each purchase again"
    assert bench.sell(memory, 5_00, pin=Pin(bytes.fromhex("123456"))).end is End.DONE
    assert not any("123456" in line for line in bench.firmware.body.diary)


def test_a_card_without_a_pin_is_refused_above_the_sum(shop: Shop) -> None:
    bench, memory = shop.bench, shop.bench.school.memory()
    shop.push(body(pins=(PinRow(EVERY_OTHER, 3, 0),)))
    shop.at(16)
    assert bench.sell(memory, 1_00, pin=Pin(bytes.fromhex("123456"))).reason is Reason.PIN_REFUSED
    assert not bench.written()


def test_a_class_that_is_not_served_pays_nothing(shop: Shop) -> None:
    bench, memory = shop.bench, shop.bench.school.memory()
    shop.push(body(LimitRow(0, 3, Limits(is_refused=True))))
    shop.at(16)
    assert bench.sell(memory, 1_00).reason is Reason.NOT_SERVED
    assert not bench.written()


def test_where_two_purses_pay_a_class_that_is_not_served_pays_nothing(kit, school) -> None:
    shop = Shop(kit, school, subsidy=True)
    memory = school.memory(subsidy=500)
    shop.push(body(LimitRow(0, 3, Limits(is_refused=True))))
    shop.at(16)
    assert shop.bench.sell(memory, 1_00).reason is Reason.NOT_SERVED
    assert not shop.bench.written()


def test_the_end_of_a_meal_is_looked_for_by_itself(shop: Shop) -> None:
    shop.push(body())
    shop.bench.wait(4 * HOUR - 1)
    assert shop.said[-1].verdict is Verdict.STORED
    shop.bench.wait(1)
    assert shop.said[-1].verdict is Verdict.IN_USE


def test_the_day_begins_when_parameters_say_so(shop: Shop) -> None:
    body_of = shop.bench.firmware.body
    before = body_of.day_of(NOON_S)
    shop.push(body(day_start_s=18 * HOUR, meals=()))
    shop.at(25)
    shop.bench.firmware.tick(shop.bench.now())
    assert (before, body_of.day_of(NOON_S)) == (NOON_S // DAY_S, NOON_S // DAY_S - 1)


def test_rungs_and_the_ceiling_of_a_card_are_those_of_the_parameters(shop: Shop) -> None:
    in_use = shop.bench.firmware.body
    shop.push(body(ladder=(RungRow(HOUR, 5_00),), ceiling_fen=200_00))
    shop.at(25)
    shop.bench.firmware.tick(shop.bench.now())
    assert (in_use.parameters.ladder, in_use.parameters.ceiling_fen) == ((RungRow(HOUR, 5_00),), 200_00)


@pytest.mark.parametrize(
    ("line", "door", "paid"),
    [
        (LineRow(1, True, "环线", (350,)), "in", 350),
        (LineRow(2, True, "别的线", (350,)), "in", 200),
        (LineRow(1, True, "环线", (350,)), "both", 350),
    ],
)
def test_a_validator_takes_the_fares_of_its_line_and_keeps_its_own_where_they_know_it_not(
    kit, school, line: LineRow, door: str, paid: int
) -> None:
    shop = Shop(kit, school, kind="validator", ride=ride(door, line=1))
    fares = FaresRow(0, 3600, 1, 7200, 60, 600, (line,))
    shop.push(body(fares=fares))
    assert tap(shop.bench, card_memory(school, 5000)).amount_fen == 200, "those of its settings, until the next period"
    shop.at(16)
    assert tap(shop.bench, card_memory(school, 5000)).amount_fen == paid


def test_fares_in_which_nobody_could_tap_out_here_are_not_taken(kit, school) -> None:
    shop = Shop(kit, school, kind="validator", ride=ride("out", line=2))
    shop.push(body(fares=FaresRow(0, 3600, 1, 7200, 60, 600, (LineRow(2, True, "校区线", (350,)),))))
    shop.at(16)
    assert tap(shop.bench, card_memory(school, 5000)).amount_fen == 300, "an exit without boarding, by its settings"
