"""Claims at a POS, and the one second try of a load gone wrong: what is asked, what the card gets, what is written."""

import pytest

from edge.link.messages import Type
from edge.terminal.taps.display import Face
from edge.terminal.taps.loading import BEHIND_S
from edge.terminal.taps.steps import End
from shared import records
from shared.online import LoadAnswer, LoadResult, Purpose
from shared.purse.cos.torn import Tear, TearingChannel
from shared.purse.errors import CardLost
from shared.purse.reasons import Reason
from shared.records import Kind

OK = 50_000


class Centre:
    """Answers as the ledger would: questions by what it offers, requests for that sum by a true MAC2."""

    def __init__(self, bench, *offers):
        self.bench = bench
        self.offers = list(offers)
        self.lost = ()
        self.grant = bench.edge.online
        bench.edge.online = self

    def __call__(self, number, request):
        if request.purpose in self.lost:
            return None
        if request.amount_fen:
            return self.grant(number, request)
        result, fen = self.offers.pop(0) if self.offers else (LoadResult.NOTHING, 0)
        return LoadAnswer(result, amount_fen=fen)

    @property
    def asked(self):
        return [(request.purpose, request.amount_fen) for _, request in self.bench.edge.requests]


CLAIMABLE, RETRY = LoadResult.CLAIMABLE, LoadResult.RETRY


def claim(bench, memory, card=None):
    return bench.tap(bench.firmware.claim(bench.now()), card or bench.school.card(memory))


def torn_at_credit(bench, memory, tear):
    card = bench.school.card(memory)

    class Channel:
        def transmit(self, apdu):
            return TearingChannel(card, lambda: tear).transmit(apdu) if apdu[1] == 0x52 else card.transmit(apdu)

    return Channel()


def kinds(bench):
    return [record.kind for record in bench.written().values()]


def test_a_claim_asks_what_waits_and_takes_it(bench, school, kit):
    centre, memory = Centre(bench, (CLAIMABLE, 3000)), school.memory()
    result = claim(bench, memory)
    assert (result.end, result.amount_fen, kit.balance(memory)) == (End.DONE, 3000, OK + 3000)
    assert centre.asked == [(Purpose.CLAIM, 0), (Purpose.CLAIM, 3000)]
    (record,) = bench.written().values()
    flags = records.parse_flags(record.flags)
    assert (record.kind, flags.claim, flags.online, record.request, record.amount_fen) == (
        Kind.LOAD, True, True, 2, 3000
    )  # fmt: skip
    assert bench.displays[-1].face is Face.LOADED
    assert "领款成功 ¥30.00" in bench.displays[-1].title.zh
    assert [row.kind for row in bench.shown] == [Kind.LOAD]
    assert not bench.firmware.body.flash.waiting


def test_the_card_s_room_bounds_a_claim_and_the_rest_stays(school, kit):
    parameters = {**kit.terminal_json["parameters"], "ceiling_fen": OK + 1200}
    bench = kit.Bench(school, parameters=parameters).connect()
    centre, memory = Centre(bench, (CLAIMABLE, 3000), (CLAIMABLE, 1800)), school.memory()
    assert claim(bench, memory).amount_fen == 1200
    assert centre.asked[-1] == (Purpose.CLAIM, 1200)
    assert "尚有 ¥18.00 待领" in bench.displays[-1].todo.zh
    full = claim(bench, memory)
    assert (full.end, full.reason, kit.balance(memory)) == (End.DECLINED, Reason.LOAD_CEILING, OK + 1200)
    assert centre.asked[-1] == (Purpose.CLAIM, 0)


def test_nothing_to_claim(bench, school, kit):
    centre, memory = Centre(bench), school.memory()
    result = claim(bench, memory)
    assert (result.end, result.denied, kit.balance(memory)) == (End.DECLINED, LoadResult.NOTHING, OK)
    asked = [(Purpose.CLAIM, 0), (Purpose.AUTO, 0)]
    assert (centre.asked, bench.written(), bench.displays[-1].title.zh) == (asked, {}, "没有待领的款")


def test_without_the_network_no_claim_is_begun(school, kit):
    bench = kit.Bench(school)
    memory = school.memory()
    result = claim(bench, memory)
    assert (result.end, kit.balance(memory), bench.edge.requests) == (End.NOT_SELLING, OK, [])


def test_no_answer_to_the_question_changes_nothing(bench, school, kit):
    Centre(bench).lost = (Purpose.CLAIM,)
    memory = school.memory()
    result = claim(bench, memory)
    assert (result.end, result.reason) == (End.DECLINED, Reason.LOAD_NO_ANSWER)
    assert (bench.written(), bench.firmware.body.flash.waiting) == ({}, [])


def test_a_claim_at_a_load_machine(school, kit):
    bench = kit.Bench(school, kind="load").connect()
    Centre(bench, (CLAIMABLE, 700))
    memory = school.memory()
    assert claim(bench, memory).end is End.DONE
    assert kit.balance(memory) == OK + 700


@pytest.mark.parametrize("is_claim", [False, True])
def test_the_record_of_a_second_try_says_whether_a_claim_is_tried_again(bench, school, is_claim):
    """A ledger that was put back, and lost the debit, knows from it who pays."""
    offered = LoadResult.RETRY_CLAIM if is_claim else RETRY
    centre, memory = Centre(bench, (offered, 3000)), school.memory()
    assert claim(bench, memory).end is End.DONE
    assert centre.asked[-1] == (Purpose.RETRY_CLAIM if is_claim else Purpose.RETRY, 3000)
    (record,) = bench.written().values()
    assert records.parse_flags(record.flags).claim is is_claim
    assert "补圈存成功" in bench.displays[-1].title.zh


@pytest.mark.parametrize("tear", [Tear.BEFORE, Tear.AFTER])
def test_a_torn_claim_is_settled_by_the_card_at_the_next_one(bench, school, kit, tear):
    centre, memory = Centre(bench, (CLAIMABLE, 3000), (RETRY, 3000)), school.memory()
    assert claim(bench, memory, torn_at_credit(bench, memory, tear)).end is End.UNKNOWN
    result = claim(bench, memory)
    assert (result.end, kit.balance(memory)) == (End.DONE, OK + 3000)
    if tear is Tear.AFTER:
        assert kinds(bench) == [Kind.LOAD]  # it had gone through: nothing more is asked for
        assert len(centre.asked) == 2
    else:
        assert kinds(bench) == [Kind.NOT_CREDITED, Kind.LOAD]
        assert centre.asked[2:] == [(Purpose.CLAIM, 0), (Purpose.RETRY, 3000)]
        assert "补圈存成功" in bench.displays[-1].title.zh


def test_a_claim_torn_by_a_power_cut_is_a_claim_still(bench, school, kit):
    Centre(bench, (CLAIMABLE, 3000))
    memory = school.memory()
    claim(bench, memory, torn_at_credit(bench, memory, Tear.AFTER))
    bench.port.crash(lambda _: 0)
    bench.power_on()
    bench.connect()
    assert claim(bench, memory).end is End.DONE
    assert kit.balance(memory) == OK + 3000
    assert [(r.kind, records.parse_flags(r.flags).claim) for r in bench.written().values()] == [
        (Kind.LOAD_UNPROVEN, True), (Kind.LOAD_RECOVERED, True)
    ]  # fmt: skip


# --- behind a sale ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tear", [Tear.BEFORE, Tear.AFTER])
def test_a_load_half_done_here_is_settled_behind_the_next_sale_of_its_card(bench, school, kit, tear):
    centre, memory = Centre(bench, (CLAIMABLE, 3000), (RETRY, 3000)), school.memory()
    claim(bench, memory, torn_at_credit(bench, memory, tear))
    result = bench.sell(memory, 1250)
    assert (result.end, result.amount_fen, kit.balance(memory)) == (End.DONE, 1250, OK + 3000 - 1250)
    loaded = [Kind.LOAD] if tear is Tear.AFTER else [Kind.NOT_CREDITED, Kind.LOAD]
    assert kinds(bench)[1:] == loaded
    faces = [shown.face for shown in bench.displays[-2:]]
    assert faces == [Face.DONE, Face.LOADED]
    assert centre.asked[2:] == ([] if tear is Tear.AFTER else [(Purpose.RETRY, 0), (Purpose.RETRY, 3000)])


@pytest.fixture
def awaiting(bench):
    """The edge has named these cards."""

    def name(*numbers):
        cards = sorted(b"\x53\x03" + number.to_bytes(8, "big") for number in numbers)
        bench.deliver(bench.edge.seal(Type.AWAITED, b"".join(cards)))

    return name


@pytest.mark.parametrize("amount", [1250, OK + 1])
def test_an_awaited_card_is_asked_about_behind_its_tap_and_gets_what_it_never_got(
    bench, school, kit, awaiting, amount
):
    """Whatever the sale came to: that the load failed may be why it was declined."""
    awaiting(0x4711)
    centre, memory = Centre(bench, (RETRY, 3000)), school.memory()
    result = bench.sell(memory, amount)
    paid = amount if amount <= OK else 0
    assert (result.end, result.amount_fen) == (End.DONE if paid else End.DECLINED, amount)
    assert kit.balance(memory) == OK - paid + 3000
    assert centre.asked == [(Purpose.RETRY, 0), (Purpose.RETRY, 3000)]
    faces = [shown.face for shown in bench.displays[-2:]]
    assert faces == [Face.DONE if paid else Face.DECLINED, Face.LOADED]
    bench.sell(memory, 100)
    assert len(centre.asked) == 2  # and asks no more


def test_a_card_that_is_not_awaited_asks_nobody(bench, school, awaiting):
    awaiting(0x4712, 0x4713)
    centre = Centre(bench, (RETRY, 3000))
    bench.sell(school.memory(), 1250)
    assert centre.asked == []


@pytest.mark.parametrize("lost", ["question", "request"])
def test_an_awaited_card_whose_question_is_lost_is_asked_about_when_it_is_named_again(
    bench, school, kit, awaiting, lost
):
    awaiting(0x4711)
    centre, memory = Centre(bench, (RETRY, 3000), (RETRY, 3000)), school.memory()
    grant = centre.grant
    if lost == "question":
        centre.lost = (Purpose.RETRY,)
    else:
        centre.grant = lambda number, request: None
    before = bench.mono_s
    assert bench.sell(memory, 1250).end is End.DONE
    assert bench.mono_s - before == pytest.approx(BEHIND_S)
    assert bench.displays[-1].face is Face.DONE
    assert kinds(bench)[1:] == ([Kind.NOT_CREDITED] if lost == "request" else [])
    centre.lost, centre.grant = (), grant
    bench.sell(memory, 100)
    assert kit.balance(memory) == OK - 1350
    awaiting(0x4711)
    bench.sell(memory, 100)
    assert kit.balance(memory) == OK - 1450 + 3000
    assert not bench.firmware.body.flash.waiting


def test_an_awaited_card_that_is_taken_away_costs_nobody_anything(bench, school, kit, awaiting):
    awaiting(0x4711)
    centre, memory = Centre(bench, (RETRY, 3000)), school.memory()
    card, sent = school.card(memory), []

    class Leaving:
        """Gone as soon as the sale is paid."""

        def transmit(self, apdu):
            if 0x54 in sent:
                raise CardLost("taken away")
            sent.append(apdu[1])
            return card.transmit(apdu)

    result = bench.tap(bench.firmware.sell(1250, bench.now()), Leaving())
    assert (result.end, kit.balance(memory), centre.asked) == (End.DONE, OK - 1250, [])
    assert bench.displays[-1].face is Face.DONE
    assert 0x4711.to_bytes(8, "big") in {card[2:] for card in bench.firmware.body.awaited.told}


def test_who_joins_anew_awaits_nobody_until_the_edge_says_so(bench, school, awaiting):
    awaiting(0x4711)
    centre = Centre(bench, (RETRY, 3000))
    bench.firmware.wire(False, bench.now())
    bench.connect()
    bench.sell(school.memory(), 1250)
    assert centre.asked == []


@pytest.mark.parametrize("payload", [b"123", bytes(20), bytes(10) * 129])
def test_a_list_that_is_none_is_counted_and_changes_nothing(bench, awaiting, payload):
    awaiting(0x4711)
    before, faults = set(bench.firmware.body.awaited.told), bench.firmware.line.faults
    bench.deliver(bench.edge.seal(Type.AWAITED, payload))
    assert (bench.firmware.body.awaited.told, bench.firmware.line.faults) == (before, faults + 1)


def test_a_load_that_the_card_tells_nothing_of_is_closed_behind_a_sale_and_the_centre_is_asked(bench, school, kit):
    """Its proof is gone, for the card has loaded elsewhere since: the record says so, the card's MAC1 decides."""
    centre, memory = Centre(bench, (CLAIMABLE, 3000)), school.memory()
    claim(bench, memory, torn_at_credit(bench, memory, Tear.AFTER))
    other = kit.Bench(school, kind="load").connect()
    for _ in range(11):
        assert other.load(memory, 100).end is End.DONE
    bench.sell(memory, 1250)
    assert kinds(bench)[1:] == [Kind.LOAD_UNPROVEN]
    assert centre.asked[2:] == [(Purpose.RETRY, 0), (Purpose.AUTO, 0)]
    assert not bench.firmware.body.flash.waiting


def test_an_ordinary_sale_asks_nobody(bench, school):
    centre = Centre(bench)
    bench.sell(school.memory(), 1250)
    assert centre.asked == []


def test_behind_a_sale_nobody_waits_long_for_the_centre(bench, school, kit):
    centre, memory = Centre(bench, (CLAIMABLE, 3000)), school.memory()
    claim(bench, memory, torn_at_credit(bench, memory, Tear.BEFORE))
    centre.lost = (Purpose.RETRY,)
    before = bench.mono_s
    assert bench.sell(memory, 1250).end is End.DONE
    assert bench.mono_s - before == pytest.approx(BEHIND_S)
    assert bench.displays[-1].face is Face.DONE  # and nothing that would alarm the cashier
    assert kinds(bench)[1:] == [Kind.NOT_CREDITED]


def test_another_card_s_sale_settles_nothing(bench, school, kit):
    centre, memory = Centre(bench, (CLAIMABLE, 3000)), school.memory()
    claim(bench, memory, torn_at_credit(bench, memory, Tear.BEFORE))
    bench.sell(school.memory(0x4712), 500)
    assert len(centre.asked) == 2
    assert Kind.LOAD_UNPROVEN in kinds(bench)


def test_a_load_machine_with_no_amount_tries_again_what_it_settles_as_not_credited(school, kit):
    bench = kit.Bench(school, kind="load").connect()
    centre, memory = Centre(bench, (RETRY, 5000)), school.memory()
    assert bench.load(memory, 5000, torn_at_credit(bench, memory, Tear.BEFORE)).end is End.UNKNOWN
    assert bench.load(memory, 0).end is End.DONE
    assert centre.asked == [(Purpose.LOAD, 5000), (Purpose.LOAD, 0), (Purpose.RETRY, 5000)]
    assert kit.balance(memory) == OK + 5000


# --- what is due by rule or order -----------------------------------------------------------------------------------

NOTHING, DUE = (LoadResult.NOTHING, 0), (LoadResult.AUTO, 3000)


def test_what_is_due_is_loaded_when_the_holder_claims_and_nothing_else_waits(bench, school, kit):
    centre, memory = Centre(bench, NOTHING, DUE), school.memory()
    result = claim(bench, memory)
    assert (result.end, result.amount_fen, kit.balance(memory)) == (End.DONE, 3000, OK + 3000)
    assert centre.asked == [(Purpose.CLAIM, 0), (Purpose.AUTO, 0), (Purpose.AUTO, 3000)]
    (record,) = bench.written().values()
    assert (record.kind, records.parse_flags(record.flags).claim) == (Kind.LOAD, False)
    assert "自动圈存成功 ¥30.00" in bench.displays[-1].title.zh


def test_what_is_due_is_loaded_behind_a_sale_of_an_awaited_card_and_never_above_its_room(school, kit):
    parameters = {**kit.terminal_json["parameters"], "ceiling_fen": OK}
    bench = kit.Bench(school, parameters=parameters).connect()
    memory = school.memory()
    bench.deliver(bench.edge.seal(Type.AWAITED, b"\x53\x03" + (0x4711).to_bytes(8, "big")))
    centre = Centre(bench, NOTHING, DUE)
    assert bench.sell(memory, 1250).end is End.DONE
    assert centre.asked == [(Purpose.RETRY, 0), (Purpose.AUTO, 0), (Purpose.AUTO, 1250)]
    assert kit.balance(memory) == OK


@pytest.mark.parametrize("tear", [Tear.BEFORE, Tear.AFTER])
def test_a_torn_one_is_settled_at_the_next_tap_and_is_never_loaded_twice(bench, school, kit, tear):
    """The centre gives back what it hears of and offers a second try: it is not two loads, whatever the tear."""
    centre, memory = Centre(bench, NOTHING, DUE), school.memory()
    claim(bench, memory, torn_at_credit(bench, memory, tear))
    centre.offers = [(RETRY, 3000)]
    assert bench.sell(memory, 1250).end is End.DONE
    assert kit.balance(memory) == OK - 1250 + 3000
    assert sum(kind in records.LOAD_SHAPED & records.PROVEN for kind in kinds(bench)) == 1, kinds(bench)
    assert not bench.firmware.body.flash.waiting


def test_a_centre_of_before_that_knows_no_rule_is_asked_and_no_harm_is_done(bench, school, kit):
    centre, memory = Centre(bench, NOTHING, (LoadResult.NOT_NOW, 0)), school.memory()
    result = claim(bench, memory)
    assert (result.end, result.denied, kit.balance(memory)) == (End.DECLINED, LoadResult.NOTHING, OK)
    assert bench.displays[-1].title.zh == "没有待领的款"
    assert centre.asked == [(Purpose.CLAIM, 0), (Purpose.AUTO, 0)]
