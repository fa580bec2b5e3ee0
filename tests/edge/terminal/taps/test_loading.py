"""Loads at a load machine: confirmed, recovered, unproven or not credited, never half, and the centre hears which."""

import pytest

from edge.terminal.station.tapping import Tapping
from edge.terminal.taps.asking import ANSWER_S
from edge.terminal.taps.display import Face
from edge.terminal.taps.steps import End
from shared import records
from shared.online import LoadAnswer, LoadResult
from shared.purse.cos.torn import Tear, TearingChannel
from shared.purse.reasons import Reason
from shared.records import Kind, Proof

OK = 50_000


@pytest.fixture
def machine(school, kit):
    return kit.Bench(school, kind="load").connect()


def pulled(machine, memory, tear, ins=0x52):
    card = machine.school.card(memory)

    class Channel:
        def transmit(self, apdu):
            return TearingChannel(card, lambda: tear).transmit(apdu) if apdu[1] == ins else card.transmit(apdu)

    return Channel()


def test_a_load(machine, kit):
    memory = machine.school.memory()
    result = machine.load(memory, 5000)
    assert (result.end, kit.balance(memory)) == (End.DONE, OK + 5000)
    (record,) = machine.written().values()
    flags = records.parse_flags(record.flags)
    assert (record.kind, flags.proof, flags.online, flags.counter_kind) == (
        Kind.LOAD, Proof.DEBIT, True, records.CounterKind.ONLINE,
    )  # fmt: skip
    assert (record.request, record.counter, record.balance_fen, record.amount_fen) == (1, 0, OK, 5000)
    assert record.time == kit.noon_s + 5
    assert machine.edge.requests[0][1].mac1 != bytes(4)
    assert machine.displays[-1].face is Face.LOADED
    assert [row.kind for row in machine.shown] == [Kind.LOAD]
    assert not machine.firmware.body.flash.waiting


def test_request_numbers_never_repeat(machine):
    for _ in range(3):
        machine.load(machine.school.memory(), 100)
    machine.port.crash(lambda _: 0)
    machine.power_on()
    machine.connect()
    machine.load(machine.school.memory(), 100)
    numbers = [number for number, _ in machine.edge.requests]
    assert len(set(numbers)) == len(numbers)


def test_a_lost_answer_is_asked_for_again_under_the_same_number(machine, school, kit):
    lost = iter([True, False])
    grant = machine.edge.online
    machine.edge.online = lambda number, request: None if next(lost) else grant(number, request)
    memory = school.memory()
    assert machine.load(memory).end is End.DONE
    (first, one), (second, two) = machine.edge.requests
    assert (first, one) == (second, two)
    assert len(machine.written()) == 1


def test_no_answer_ends_in_time_and_the_centre_hears_that_nothing_was_loaded(machine, kit):
    machine.edge.online = None
    memory = machine.school.memory()
    before = machine.mono_s
    assert machine.load(memory).reason is Reason.LOAD_NO_ANSWER
    assert machine.mono_s - before == pytest.approx(ANSWER_S)
    (record,) = machine.written().values()
    assert (record.kind, record.request, record.counter) == (Kind.NOT_CREDITED, 1, 0)
    assert kit.balance(memory) == OK
    assert not machine.firmware.body.flash.waiting


def test_a_late_answer_changes_nothing(machine, kit):
    late = []
    grant = machine.edge.online
    machine.edge.online = lambda number, request: late.append((number, grant(number, request)))
    memory = machine.school.memory()
    machine.load(memory)
    number, answer = late[0]
    payload = number.to_bytes(4, "big") + answer.to_bytes()
    machine.deliver(machine.edge.seal(0x17, payload))
    assert machine.firmware.line.asking.late == 1
    assert len(machine.written()) == 1
    assert kit.balance(memory) == OK


@pytest.mark.parametrize("result", [r for r in LoadResult if r is not LoadResult.GRANTED])
def test_a_refusal_of_the_centre_is_told_and_leaves_no_record(machine, result):
    machine.edge.online = lambda number, request: LoadAnswer(result)
    assert machine.load(machine.school.memory()).reason is Reason.LOAD_DENIED
    assert not machine.written()
    assert not machine.firmware.body.flash.waiting
    assert machine.displays[-1].title.zh


def test_a_wrong_mac2_is_refused_by_the_card_and_the_centre_hears_it(machine, kit):
    machine.edge.online = lambda number, request: LoadAnswer(
        LoadResult.GRANTED, kit.noon_s, b"fake", request.amount_fen
    )
    memory = machine.school.memory()
    assert machine.load(memory).end is End.DECLINED
    assert [r.kind for r in machine.written().values()] == [Kind.NOT_CREDITED]
    assert kit.balance(memory) == OK


def test_another_amount_than_asked_is_not_loaded(machine, kit):
    grant = machine.edge.online
    machine.edge.online = lambda number, request: LoadAnswer(LoadResult.GRANTED, kit.noon_s, b"mac2", 1)
    memory = machine.school.memory()
    assert machine.load(memory).end is End.DECLINED
    assert [r.kind for r in machine.written().values()] == [Kind.NOT_CREDITED]
    machine.edge.online = grant


def test_a_malformed_answer_leaves_the_question_open(machine):
    grant = machine.edge.online
    answers = iter([b"\x01\x63" + bytes(12), None])

    class Broken:
        def to_bytes(self):
            return next(answers)

    first = iter([True, False])
    machine.edge.online = lambda number, request: Broken() if next(first) else grant(number, request)
    assert machine.load(machine.school.memory()).end is End.DONE
    assert machine.firmware.line.faults == 1


def test_torn_after_the_credit_the_same_card_confirms_it(machine, kit):
    memory = machine.school.memory()
    assert machine.load(memory, card=pulled(machine, memory, Tear.AFTER)).end is End.UNKNOWN
    assert machine.displays[-1].face is Face.AGAIN
    assert machine.load(memory, 5000).end is End.DONE
    (record,) = machine.written().values()
    assert (record.kind, records.parse_flags(record.flags).proof) == (Kind.LOAD, Proof.PROVE)
    assert kit.balance(memory) == OK + 5000
    assert len(machine.edge.requests) == 1


def test_torn_before_the_credit_it_is_reversed_and_loaded_anew(machine, kit):
    memory = machine.school.memory()
    assert machine.load(memory, card=pulled(machine, memory, Tear.BEFORE)).end is End.UNKNOWN
    assert machine.load(memory, 5000).end is End.DONE
    assert [(r.kind, r.request) for r in machine.written().values()] == [(Kind.NOT_CREDITED, 1), (Kind.LOAD, 2)]
    assert kit.balance(memory) == OK + 5000


@pytest.mark.parametrize(("tear", "kind"), [(Tear.AFTER, Kind.LOAD_RECOVERED), (Tear.BEFORE, Kind.NOT_CREDITED)])
def test_an_unproven_load_is_settled_later_by_a_linked_record(machine, tear, kind):
    memory = machine.school.memory()
    machine.load(memory, card=pulled(machine, memory, tear))
    machine.wait(61)
    machine.load(memory, 0)
    first, second = machine.written().values()
    assert (first.kind, second.kind, second.linked, second.request) == (Kind.LOAD_UNPROVEN, kind, 1, first.request)
    assert not machine.firmware.body.flash.waiting


def test_a_card_that_comes_back_uncredited_proves_it_to_the_centre(machine, kit):
    memory = machine.school.memory()
    assert machine.load(memory, card=pulled(machine, memory, Tear.BEFORE)).end is End.UNKNOWN
    machine.load(memory, 0)
    granted, proof = (request for _, request in machine.edge.requests)
    assert (granted.amount_fen, proof.amount_fen) == (5000, 0)
    assert (proof.card, proof.counter, proof.balance_fen) == (granted.card, granted.counter, OK)
    assert proof.mac1 != granted.mac1
    assert [r.kind for r in machine.written().values()] == [Kind.NOT_CREDITED]
    assert not machine.firmware.body.flash.waiting
    assert kit.balance(memory) == OK


def test_a_credited_load_has_nothing_to_prove(machine):
    memory = machine.school.memory()
    machine.load(memory, card=pulled(machine, memory, Tear.AFTER))
    machine.load(memory, 0)
    assert len(machine.edge.requests) == 1


def test_without_a_network_the_proof_waits_for_the_next_load(machine):
    memory = machine.school.memory()
    machine.load(memory, card=pulled(machine, memory, Tear.BEFORE))
    machine.firmware.wire(False, machine.now())
    machine.load(memory, 0)
    assert len(machine.edge.requests) == 1
    assert not machine.firmware.body.flash.waiting


def test_a_card_taken_away_while_the_centre_is_asked(machine, kit):
    memory = machine.school.memory()
    machine.edge.online = None
    tapping = Tapping(machine.firmware.load(5000, machine.now()), machine.counter, machine.school.card(memory))
    assert not tapping.run()
    assert tapping.card_lost()
    assert tapping.answer.reason is Reason.CARD_GONE
    assert [r.kind for r in machine.written().values()] == [Kind.NOT_CREDITED]
    assert kit.balance(memory) == OK


def test_no_network_no_load_but_a_torn_one_is_settled(machine):
    memory = machine.school.memory()
    machine.load(memory, card=pulled(machine, memory, Tear.AFTER))
    machine.firmware.wire(False, machine.now())
    assert machine.load(machine.school.memory(9)).end is End.NOT_SELLING
    assert machine.load(memory, 5000).end is End.DONE


def test_after_an_ordinary_restart_a_load_that_was_shown_is_not_told_again(machine, kit):
    memory = machine.school.memory()
    machine.load(memory, 5000)
    machine.power_on()
    machine.connect()
    assert machine.load(memory, 5000).row.seq == 2
    assert kit.balance(memory) == 50_000 + 10_000


def test_a_load_that_was_not_shown_is_told_and_not_made_again(machine, kit):
    memory = machine.school.memory()
    machine.load(memory, 5000)
    machine.was_dark()
    machine.power_on()
    machine.connect()
    assert machine.load(memory, 5000).row.seq == 1
    assert kit.balance(memory) == 50_000 + 5000


def test_a_boot_between_question_and_answer_reports_nothing_loaded(machine):
    machine.edge.online = None
    tapping = Tapping(
        machine.firmware.load(5000, machine.now()), machine.counter, machine.school.card(machine.school.memory())
    )
    assert not tapping.run()
    machine.port.crash(lambda _: 0)
    machine.power_on()
    machine.connect()
    assert [(r.kind, r.request) for r in machine.written().values()] == [(Kind.NOT_CREDITED, 1)]


def test_loads_settle_after_stop(machine):
    memory = machine.school.memory()
    machine.load(memory, card=pulled(machine, memory, Tear.AFTER))
    machine.firmware.stop(machine.now())
    assert machine.load(memory, 0).end is End.DONE
    assert machine.load(memory, 5000).end is End.NOT_SELLING


def test_a_body_without_psam_loads_under_its_device_id(school, kit):
    edge = kit.SmallEdge(online=lambda number, request: school.grant(request, kit.device, kit.noon_s))
    bench = kit.Bench(school, kind="load", edge=edge, has_psam=False).connect()
    assert bench.edge.hellos[0].psam == kit.device
    assert bench.load(school.memory()).end is End.DONE
