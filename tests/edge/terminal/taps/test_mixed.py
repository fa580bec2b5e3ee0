"""Mixed payment at a counter: the subsidy purse first, the main purse the rest; whole, or given back."""

import pytest

from edge.terminal.taps.display import Bar, Face, not_selling
from edge.terminal.taps.mixed import ROOM
from edge.terminal.taps.steps import End
from shared.purse.errors import CardLost
from shared.purse.reasons import Reason
from shared.records import Cause, Kind, Pair, application_of, parse_flags

KINDS = {Kind.PURCHASE: "P", Kind.UNPROVEN: "U", Kind.RECOVERED: "R", Kind.NOT_DEBITED: "N", Kind.VOID: "V"}


class Nth:
    """A card that is pulled at its n-th command with this instruction byte: before it, or before its answer."""

    def __init__(self, card, ins, n, *, after):
        self._card, self._ins, self._left, self._after, self._gone = card, ins, n, after, False

    def transmit(self, apdu):
        if self._gone:
            raise CardLost("gone")
        self._left -= apdu[1] == self._ins
        if self._left or apdu[1] != self._ins:
            return self._card.transmit(apdu)
        self._gone = True
        if self._after:
            self._card.transmit(apdu)
        raise CardLost("pulled")


@pytest.fixture
def counter(school, kit):
    return kit.Bench(school, subsidy=True).connect()


def written(bench):
    """What was written, in order: kind letter, application, sum."""
    return [
        f"{KINDS[r.kind]}{application_of(r.purse)}:{r.amount_fen}" for r in bench.written().values()
    ]  # fmt: skip


def pairs(bench):
    return [parse_flags(record.flags).pair for record in bench.written().values()]


def purses(kit, memory):
    return kit.subsidy(memory), kit.balance(memory)


def torn(bench, memory, ins, n, after, amount=1250):
    return bench.sell(memory, amount, card=Nth(bench.school.card(memory), ins, n, after=after))


def test_one_tap_is_two_purchases_in_a_row_and_one_success(counter, kit):
    memory = counter.school.memory(subsidy=800)
    result = counter.sell(memory)
    assert (result.end, result.amount_fen, purses(kit, memory)) == (End.DONE, 1250, (0, 50_000 - 450))
    assert written(counter) == ["P1:800", "P0:450"]
    assert pairs(counter) == [Pair.FIRST, Pair.SECOND]
    assert [(row.seq, row.application, row.pair) for row in counter.shown] == [(1, 1, Pair.FIRST), (2, 0, Pair.SECOND)]
    assert [what.face for what in counter.displays] == [Face.DONE]
    assert counter.displays[0].title.zh == "成功 ¥12.50 余额 ¥495.50"


def test_no_display_tells_that_a_subsidy_paid(counter):
    memory = counter.school.memory(subsidy=800)
    for amount in (300, 1250, 200):
        counter.sell(memory, amount)
    said = [text for what in counter.displays for text in (what.title.zh, what.voice.zh, what.todo.zh, what.title.en)]
    assert not [text for text in said if "补助" in text or "subsid" in text]


@pytest.mark.parametrize(
    ("changed", "records"),
    [
        ({"subsidy": 2000}, ["P1:1250"]),
        ({"subsidy": 1250}, ["P1:1250"]),
        ({"subsidy": 0}, ["P0:1250"]),
        ({}, ["P0:1250"]),
        ({"subsidy": 800, "expiry": "20251101"}, ["P0:1250"]),
        ({"subsidy": 800, "locked": True}, ["P0:1250"]),
        ({"subsidy": 800, "balance": 450}, ["P1:800", "P0:450"]),
    ],
)
def test_who_pays(counter, changed, records):
    memory = counter.school.memory(**changed)
    assert counter.sell(memory).end is End.DONE
    assert written(counter) == records
    assert set(pairs(counter)) == ({Pair.ALONE} if len(records) == 1 else {Pair.FIRST, Pair.SECOND})


@pytest.mark.parametrize("amount", [1250, 0, 10_000_000])
def test_what_both_cannot_pay_is_declined_before_anything_moves(counter, kit, amount):
    memory = counter.school.memory(subsidy=800, balance=449)
    result = counter.sell(memory, amount)
    assert result.end is End.DECLINED
    assert result.reason in (Reason.BALANCE, Reason.AMOUNT)
    assert (purses(kit, memory), written(counter)) == ((800, 449), [])


def test_a_counter_without_subsidies_leaves_them_alone(bench, kit):
    memory = bench.school.memory(subsidy=800)
    assert bench.sell(memory).end is End.DONE
    assert purses(kit, memory) == (800, 50_000 - 1250)


@pytest.mark.parametrize(
    ("caps", "reason"),
    [({"single_fen": 1249}, Reason.CAP_SINGLE), ({"meal_fen": 1249}, Reason.CAP_MEAL_SUM),
     ({"day_fen": 1249}, Reason.CAP_DAY_SUM)],
)  # fmt: skip
def test_caps_count_the_sum(school, kit, caps, reason):
    bench = kit.Bench(school, subsidy=True, parameters={**kit.terminal_json["parameters"], "caps": caps}).connect()
    memory = school.memory(subsidy=800)
    assert bench.sell(memory, 1250).reason is reason
    assert bench.sell(memory, 1249).end is End.DONE
    if "single_fen" not in caps:
        assert bench.sell(memory, 1).reason is reason, "each purse's file counts its own, and both are looked at"
    assert bench.sell(school.memory(2, subsidy=2000), 1250).reason is reason, "also where the subsidy covers all"


def test_a_pair_is_one_serving(school, kit):
    parameters = {**kit.terminal_json["parameters"], "caps": {"meal_count": 2}}
    bench = kit.Bench(school, subsidy=True, parameters=parameters).connect()
    memory = school.memory(subsidy=800)
    assert [bench.sell(memory, amount).end for amount in (1250, 100)] == [End.DONE, End.DONE]
    assert bench.sell(memory, 100).reason is Reason.CAP_MEAL_COUNT


def test_a_hotlisted_card_pays_from_no_purse(counter, kit):
    memory = counter.school.memory(0x666, subsidy=800)
    assert counter.sell(memory).reason is Reason.HOTLISTED
    assert purses(kit, memory) == (800, 50_000)


# --- torn ----------------------------------------------------------------------------------------------------------


def test_torn_between_the_two_the_first_is_given_back(counter, kit):
    """The main purse cannot be selected any more: its debit was never begun."""
    memory = counter.school.memory(subsidy=800)
    result = torn(counter, memory, 0xA4, 3, after=False)
    assert (result.end, result.reason) == (End.DECLINED, Reason.CARD_GONE)
    assert (written(counter), purses(kit, memory)) == (["P1:800", "V1:800"], (0, 50_000))
    void = counter.written()[1, 2]
    assert (void.cause, void.linked) == (Cause.TORN_PAIR, 1)
    assert counter.shown == []
    assert counter.displays[-1].face is Face.DECLINED
    assert "过渡余额" in counter.displays[-1].title.zh
    assert counter.sell(memory).end is End.DONE
    assert purses(kit, memory) == (0, 50_000 - 1250)


@pytest.mark.parametrize("verb", ["again", "sell"])
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("n", [1, 2])
def test_the_same_card_again_goes_on_where_it_tore(counter, kit, n, after, verb):
    memory = counter.school.memory(subsidy=800)
    assert torn(counter, memory, 0x54, n, after).end is End.UNKNOWN
    assert counter.displays[-1].face is Face.AGAIN
    assert "12.50" in counter.displays[-1].title.zh
    result = counter.again(memory) if verb == "again" else counter.sell(memory)
    assert (result.end, result.amount_fen) == (End.DONE, 1250)
    assert (written(counter), purses(kit, memory)) == (["P1:800", "P0:450"], (0, 50_000 - 450))
    assert [row.pair for row in counter.shown] == [Pair.FIRST, Pair.SECOND]
    assert not counter.firmware.body.flash.waiting


@pytest.mark.parametrize(
    ("n", "after", "records", "left"),
    [
        (1, False, ["P1:800", "P0:100"], (0, 49_900)),
        (1, True, ["P1:800", "V1:800", "P0:900"], (0, 49_100)),
        (2, False, ["P1:800", "V1:800", "P0:900"], (0, 49_100)),
        (2, True, ["P1:800", "P0:450", "P0:900"], (0, 48_650)),
    ],
)
def test_another_amount_is_another_sale(counter, kit, n, after, records, left):
    memory = counter.school.memory(subsidy=800)
    torn(counter, memory, 0x54, n, after)
    assert counter.sell(memory, 900).end is End.DONE
    assert (written(counter), purses(kit, memory)) == (records, left)


@pytest.mark.parametrize(
    ("n", "after", "records"),
    [
        (1, False, ["U1:800"]),
        (1, True, ["U1:800"]),
        (2, False, ["P1:800", "U0:450", "V1:800"]),
        (2, True, ["P1:800", "U0:450", "V1:800"]),
    ],
)
def test_a_card_that_does_not_come_back_leaves_nothing_with_the_merchant(counter, n, after, records):
    torn(counter, counter.school.memory(subsidy=800), 0x54, n, after)
    counter.wait(61)
    assert written(counter) == records
    assert counter.shown == []


@pytest.mark.parametrize(
    ("n", "after", "records"),
    [
        (1, False, ["U1:800", "N1:800"]),
        (1, True, ["U1:800", "R1:800", "V1:800"]),
        (2, False, ["P1:800", "U0:450", "V1:800", "N0:450"]),
        (2, True, ["P1:800", "U0:450", "V1:800", "R0:450", "V0:450"]),
    ],
)
def test_a_late_return_settles_and_gives_back(counter, n, after, records):
    memory = counter.school.memory(subsidy=800)
    torn(counter, memory, 0x54, n, after)
    counter.wait(61)
    counter.again(memory)
    assert written(counter) == records
    assert counter.shown == []
    assert not counter.firmware.body.flash.waiting


def test_another_card_ends_a_torn_pair(counter):
    torn(counter, counter.school.memory(subsidy=800), 0x54, 2, after=True)
    counter.sell(counter.school.memory(2), 300)
    assert written(counter) == ["P1:800", "U0:450", "V1:800", "P0:300"]


def test_another_card_that_only_settles_ends_a_torn_pair_first(counter, kit):
    """Seed 33 of the simulator: a record of that card stood between the two halves."""
    other = counter.school.memory(2)
    torn(counter, other, 0x54, 1, after=False, amount=300)
    counter.wait(61)
    memory = counter.school.memory(subsidy=800)
    torn(counter, memory, 0x54, 2, after=True)
    counter.again(other)
    assert written(counter) == ["U0:300", "P1:800", "U0:450", "V1:800", "N0:300"]
    counter.again(memory)
    assert written(counter)[5:] == ["R0:450", "V0:450"]


def test_when_selling_has_stopped_a_torn_pair_is_given_back(counter):
    memory = counter.school.memory(subsidy=800)
    torn(counter, memory, 0x54, 2, after=False)
    counter.firmware.stop(counter.now())
    assert counter.again(memory).end is End.DECLINED
    assert written(counter) == ["P1:800", "V1:800"]


def test_a_psam_that_goes_between_the_two(counter, kit):
    memory = counter.school.memory(subsidy=800)
    psam, asked = counter.counter.psam, []

    class Failing:
        def transmit(self, apdu):
            asked.append(apdu[1])
            if asked.count(0x70) == 2:
                raise CardLost("no PSAM")
            return psam.transmit(apdu)

    counter.counter.psam = Failing()
    result = counter.sell(memory)
    assert (result.end, result.reason) == (End.DECLINED, Reason.PSAM_GONE)
    assert (written(counter), purses(kit, memory)) == (["P1:800", "V1:800"], (0, 50_000))


# --- power ---------------------------------------------------------------------------------------------------------


def test_the_power_goes_after_the_first(counter, kit):
    memory = counter.school.memory(subsidy=800)

    class Cut(Exception):
        pass

    class Dying(Nth):
        def transmit(self, apdu):
            try:
                return super().transmit(apdu)
            except CardLost as loss:
                raise Cut from loss

    with pytest.raises(Cut):
        counter.sell(memory, card=Dying(counter.school.card(memory), 0xA4, 3, after=False))
    counter.port.crash(lambda size: 0)
    counter.power_on()
    counter.connect()
    assert (written(counter), purses(kit, memory)) == (["P1:800", "V1:800"], (0, 50_000))
    assert any("过渡余额" in what.title.zh for what in counter.notices)


def test_a_success_that_was_not_told_is_told_when_the_sum_is_keyed_again(counter, kit):
    memory = counter.school.memory(subsidy=800)
    counter.sell(memory)
    counter.was_dark()
    counter.power_on()
    counter.connect()
    assert "12.50" in counter.notices[0].title.zh
    result = counter.sell(memory)
    assert (result.end, result.amount_fen) == (End.DONE, 1250)
    assert counter.displays[-1].face is Face.EARLIER
    assert [(row.seq, row.pair, row.amount_fen) for row in counter.shown[2:]] == [(1, 1, 800), (2, 2, 450)]
    assert purses(kit, memory) == (0, 50_000 - 450)
    assert written(counter) == ["P1:800", "P0:450"]


# --- void ----------------------------------------------------------------------------------------------------------


def test_a_cashiers_void_gives_both_halves_back(counter):
    counter.sell(counter.school.memory(subsidy=800))
    result = counter.void()
    assert (result.end, result.amount_fen) == (End.DONE, 1250)
    assert written(counter) == ["P1:800", "P0:450", "V0:450", "V1:800"]
    assert [record.cause for record in counter.written().values() if record.kind == Kind.VOID] == [Cause.CASHIER] * 2
    assert "12.50" in counter.displays[-1].title.zh
    assert counter.void().reason is Reason.VOID_TWICE
    assert len(counter.written()) == 4


def test_the_power_goes_between_the_halves_of_a_void(counter):
    counter.sell(counter.school.memory(subsidy=800))
    body = counter.firmware.body
    body.voids.write(body.voids.last_sale(body.time()), Cause.CASHIER, body.time())
    counter.power_on()
    assert written(counter) == ["P1:800", "P0:450", "V0:450", "V1:800"]


def test_a_pair_that_was_given_back_is_no_sale_to_void(counter):
    counter.sell(counter.school.memory(2), 300)
    torn(counter, counter.school.memory(subsidy=800), 0xA4, 3, after=False)
    assert counter.void().amount_fen == 300
    assert written(counter) == ["P0:300", "P1:800", "V1:800", "V0:300"]


def test_a_ring_without_room_for_a_torn_pair_sells_none(school, kit):
    bench = kit.Bench(school, subsidy=True, ring_slots=8).connect()
    memory = school.memory(subsidy=200)
    while bench.sell(school.memory(2), 100).end is End.DONE:
        pass
    assert bench.firmware.bar is None
    assert bench.firmware.body.flash.free == ROOM - 1, "the last sale took the last room for a pair"
    assert bench.sell(memory, 300).end is End.NOT_SELLING
    assert bench.displays[-1] == not_selling(Bar.RING_FULL)
    assert kit.subsidy(memory) == 200
