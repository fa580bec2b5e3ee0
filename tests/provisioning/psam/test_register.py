"""PSAMs: ids are given once, a PSAM is in one place, a body holds one, swap orders move two at once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning.plan import numbers
from provisioning.psam.register import PsamState, Register
from shared.errors import ConfigFault, RuleBroken

CAMPUS, WHO = 0x5303, "李"
BODY, OTHER = numbers.device(CAMPUS, 1), numbers.device(CAMPUS, 2)


def made(count=3):
    register = Register(CAMPUS)
    for _ in range(count):
        register.apply(register.make((1,), WHO, 10))
        register.apply(register.written(register.entries[-1].psam, WHO, 10))
    return register


def psam(number):
    return numbers.psam(CAMPUS, number)


def test_numbers_are_given_once_even_after_scrapping():
    register = made(2)
    register.apply(register.move(psam(2), PsamState.SCRAPPED, WHO, 20))
    assert register.next_number == 3
    register.apply(register.make((1, 2), WHO, 21))
    assert [entry.number for entry in register.entries] == [1, 2, 3]
    assert [entry.psam for entry in register.live] == [psam(1), psam(3)]
    assert register.entry(psam(3)).versions == (1, 2)


def test_a_chip_that_is_not_written_goes_nowhere_but_to_the_waste():
    register = made(1)
    register.apply(register.make((1,), WHO, 11))
    register.apply(register.move(psam(1), PsamState.IN_BODY, WHO, 12, BODY))
    assert [entry.psam for entry in register.unwritten] == [psam(2)]
    with pytest.raises(ConfigFault, match="未写完：再执行 psam make"):
        register.move(psam(2), PsamState.ISSUED, WHO, 13)
    with pytest.raises(ConfigFault, match="不在库，不能装入"):
        register.order_swap(BODY, psam(2), "坏", WHO, 13)
    register.apply(register.move(psam(2), PsamState.SCRAPPED, WHO, 14))
    assert register.unwritten == ()
    with pytest.raises(ConfigFault, match="已写过"):
        register.written(psam(1), WHO, 15)


def test_the_campus_own_psams_are_adopted():
    register = Register(CAMPUS)
    for row in register.adopt(psam(7), BODY, (1,), WHO, 5):
        register.apply(row)
    assert register.in_body(BODY) == psam(7)
    assert register.next_number == 8
    with pytest.raises(ConfigFault, match="不是本校的"):
        register.adopt(numbers.psam(1, 7), BODY, (1,), WHO, 5)


def test_a_swap_moves_two():
    register = made()
    register.apply(register.move(psam(1), PsamState.IN_BODY, WHO, 20, BODY))
    register.apply(register.order_swap(BODY, psam(2), "坏", WHO, 30))
    with pytest.raises(ConfigFault, match="已有未完成的换机单"):
        register.order_swap(BODY, psam(3), "坏", WHO, 30)
    for row in register.close_swap(1, PsamState.SCRAPPED, WHO, 40):
        register.apply(row)
    assert register.in_body(BODY) == psam(2)
    assert register.entry(psam(1)).state is PsamState.SCRAPPED
    assert register.orders[1].closed == 40
    assert register.stays_of(psam(1)) == [(psam(1), BODY, 20, 40)]
    assert register.stays_of(psam(2)) == [(psam(2), BODY, 40, None)]
    with pytest.raises(ConfigFault, match="没有未完成的换机单"):
        register.close_swap(1, PsamState.STOCK, WHO, 50)


def test_a_stolen_one_keeps_its_history_and_its_swap_can_be_closed():
    register = made()
    register.apply(register.move(psam(1), PsamState.IN_BODY, WHO, 20, BODY))
    register.apply(register.order_swap(BODY, psam(2), "被盗", WHO, 25))
    register.apply(register.move(psam(1), PsamState.STOLEN, WHO, 30, reason="夜间"))
    assert register.in_body(BODY) is None
    assert register.entry(psam(1)).device == BODY
    for row in register.close_swap(1, PsamState.STOLEN, WHO, 40):
        register.apply(row)
    assert register.in_body(BODY) == psam(2)
    for state in PsamState:
        with pytest.raises(ConfigFault):
            register.move(psam(1), state, WHO, 50, OTHER if state is PsamState.IN_BODY else None)
    with pytest.raises(ConfigFault, match="已作废，或不再有密钥"):
        register.renew(psam(1), (2,), WHO, 50)


def test_refusals():
    register = made()
    register.apply(register.move(psam(1), PsamState.IN_BODY, WHO, 20, BODY))
    with pytest.raises(ConfigFault, match="内已有 PSAM"):
        register.move(psam(2), PsamState.IN_BODY, WHO, 20, BODY)
    with pytest.raises(ConfigFault, match="须指明终端"):
        register.move(psam(2), PsamState.IN_BODY, WHO, 20)
    with pytest.raises(ConfigFault, match="须指明终端"):
        register.move(psam(2), PsamState.ISSUED, WHO, 20, BODY)
    with pytest.raises(ConfigFault, match="登记簿中没有 PSAM"):
        register.move(psam(9), PsamState.ISSUED, WHO, 20)
    with pytest.raises(ConfigFault, match="内没有 PSAM"):
        register.order_swap(OTHER, psam(2), "", WHO, 20)
    with pytest.raises(ConfigFault, match="不在库，不能装入"):
        register.order_swap(BODY, psam(1), "", WHO, 20)
    with pytest.raises(ConfigFault, match="没有密钥版本，或超过"):
        register.make((), WHO, 1)


@pytest.mark.parametrize(
    "row",
    [{}, {"row": "later"}, {"row": "state", "psam": "00" * 6, "state": "stock", "at": 1}, {"row": "made"}],
)
def test_rows_that_cannot_follow(row):
    with pytest.raises(RuleBroken):
        made().apply(row)


def test_made_twice_is_refused():
    register = Register(CAMPUS)
    row = register.make((1,), WHO, 1)
    register.apply(row)
    with pytest.raises(RuleBroken, match="造了两次"):
        register.apply(row)


@settings(max_examples=80)
@given(st.lists(st.tuples(st.integers(1, 4), st.sampled_from(PsamState), st.integers(1, 3)), max_size=25))
def test_one_place_each_whatever_is_tried(moves):
    register, rows = made(4), []
    for at, (number, state, body) in enumerate(moves, 20):
        device = numbers.device(CAMPUS, body) if state is PsamState.IN_BODY else None
        try:
            rows.append(register.move(psam(number), state, WHO, at, device))
        except ConfigFault:
            continue
        register.apply(rows[-1])
        inside = {entry.psam for entry in register.entries if entry.state is PsamState.IN_BODY}
        bodies = [numbers.device(CAMPUS, n) for n in (1, 2, 3)]
        held = [one for device in bodies if (one := register.in_body(device)) is not None]
        assert sorted(held) == sorted(inside)
        assert {stay.psam for stay in register.stays if stay.until is None} == inside


def stolen_from(body=BODY):
    register = made(2)
    register.apply(register.move(psam(1), PsamState.IN_BODY, WHO, 20, body))
    register.apply(register.move(psam(1), PsamState.STOLEN, WHO, 30))
    return register


def test_a_stolen_one_that_is_found_is_where_it_was():
    register = stolen_from()
    register.apply(register.found(psam(1), WHO, 40, "在抽屉里"))
    assert (register.entry(psam(1)).state, register.in_body(BODY)) == (PsamState.IN_BODY, psam(1))
    assert [(stay.since, stay.until) for stay in register.stays_of(psam(1))] == [(20, 30), (40, None)]


def test_a_found_one_goes_to_stock_when_its_body_has_got_another():
    register = stolen_from()
    register.apply(register.move(psam(2), PsamState.IN_BODY, WHO, 35, BODY))
    register.apply(register.found(psam(1), WHO, 40, "在抽屉里"))
    assert (register.entry(psam(1)).state, register.in_body(BODY)) == (PsamState.STOCK, psam(2))


def test_one_that_was_stolen_from_stock_is_found_in_stock():
    register = made(1)
    register.apply(register.move(psam(1), PsamState.STOLEN, WHO, 30))
    register.apply(register.found(psam(1), WHO, 40, "在抽屉里"))
    assert register.entry(psam(1)).state is PsamState.STOCK


@pytest.mark.parametrize("state", [PsamState.SCRAPPED, None])
def test_nothing_is_found_that_is_not_stolen(state):
    register = made(1)
    if state is not None:
        register.apply(register.move(psam(1), state, WHO, 20))
    with pytest.raises(ConfigFault):
        register.found(psam(1), WHO, 40, "在抽屉里")
    with pytest.raises(RuleBroken):
        register.apply({"row": "found", "psam": psam(1).hex(), "who": WHO, "at": 40, "reason": ""})
