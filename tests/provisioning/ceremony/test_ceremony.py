"""The ceremony as a state machine: nobody twice, nothing before its time, minutes that tell all and no secret."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning.ceremony.ceremony import Ceremony, OutOfTurn, Phase, minutes, terms
from provisioning.keys.levels import MASTERS
from shared.errors import ConfigFault, RuleBroken

LI, ZHAO, QIAN = "李", "赵", "钱"
CHECKS = {kind.value: f"{n:06X}" for n, kind in enumerate(MASTERS, 0xA0B0C0)}


def begun(officers=(LI, ZHAO)):
    return Ceremony.of_rows([terms("0001", 7, 0x1005, 1, officers).to_row(LI, 817_339_530)])


def own(officer):
    """The check values of an officer's own components."""
    return {kind: f"{ord(officer):04X}{n:02X}" for n, kind in enumerate(CHECKS)}


def taken(ceremony, row):
    ceremony.apply(row)
    return ceremony


def ready():
    ceremony = begun()
    for officer in (ZHAO, LI):
        taken(ceremony, ceremony.component(officer, own(officer), 1))
    return ceremony


def closed():
    ceremony = ready()
    taken(ceremony, ceremony.join(CHECKS, 2))
    taken(ceremony, ceremony.derive({f"school:{kind}": check for kind, check in CHECKS.items()}, 3))
    return taken(ceremony, ceremony.close(LI, 4))


def test_the_whole_way():
    ceremony = begun((LI, ZHAO, QIAN))
    assert ceremony.missing == (LI, ZHAO, QIAN)
    assert ceremony.phase is Phase.COLLECTING
    assert "李、赵、钱" in str(ceremony.next_step())
    assert ready().phase is Phase.READY
    assert closed().phase is Phase.CLOSED
    assert Ceremony.of_rows(closed().rows) == closed()


def test_the_minutes_tell_who_when_and_check_values():
    text = minutes(closed(), bytes(range(32)))
    assert [text.count(check) for check in ("674E00", "8D7500", "A0B0C0")] == [1, 1, 2]
    assert "2025-11-24 22:45:30  开始  李" in text
    assert "000102" in text
    assert text.count("____") == 2 * 5


@pytest.mark.parametrize(
    ("officers", "said"),
    [
        ((LI,), "2 或 3 名保管员"),
        ((LI, ZHAO, QIAN, "孙"), "2 或 3 名保管员"),
        ((LI, LI + " "), "一人不能兼任两名保管员"),
        ((LI, " "), "2 或 3 名保管员"),
    ],
)
def test_one_person_is_not_two(officers, said):
    with pytest.raises(ConfigFault, match=said):
        terms("0001", 7, 1, 1, officers)


@pytest.mark.parametrize("numbers", [(0, 1, 1), (1, 0, 1), (1, 1, 0), (1, 1, 256), (65536, 1, 1)])
def test_numbers_out_of_bounds(numbers):
    with pytest.raises(ConfigFault):
        terms("0001", *numbers, (LI, ZHAO))


def test_out_of_turn():
    ceremony = begun()
    for step in (lambda: ceremony.join(CHECKS, 1), lambda: ceremony.derive({}, 1), lambda: ceremony.close(LI, 1)):
        with pytest.raises(OutOfTurn, match="李、赵"):
            step()
    taken(ceremony, ceremony.component(LI, own(LI), 1))
    with pytest.raises(OutOfTurn, match="已录入过"):
        ceremony.component(LI, own(LI), 1)
    with pytest.raises(OutOfTurn, match="不在保管员名单"):
        ceremony.component(QIAN, own(QIAN), 1)
    with pytest.raises(OutOfTurn, match="分量不齐，每种密钥须有一份"):
        ceremony.component(ZHAO, {"tac": "AABBCC"}, 1)
    with pytest.raises(OutOfTurn, match="赵"):
        ceremony.join(CHECKS, 1)


def test_abort_only_before_there_are_keys():
    ceremony = ready()
    assert taken(ready(), ready().abort(LI, "分量遗失", 3)).phase is Phase.ABORTED
    taken(ceremony, ceremony.join(CHECKS, 2))
    with pytest.raises(OutOfTurn, match="已有主密钥，不能中止；下一步"):
        ceremony.abort(LI, "", 3)


@pytest.mark.parametrize("rows", [[], [{"row": "begun"}], [*closed().rows, {"row": "later"}], [closed().rows[0], {}]])
def test_other_rows_are_refused(rows):
    with pytest.raises(RuleBroken):
        Ceremony.of_rows(rows)


STEPS = {
    "li": lambda c: c.component(LI, own(LI), 1),
    "zhao": lambda c: c.component(ZHAO, own(ZHAO), 1),
    "qian": lambda c: c.component(QIAN, own(QIAN), 1),
    "join": lambda c: c.join(CHECKS, 1),
    "derive": lambda c: c.derive(CHECKS, 1),
    "close": lambda c: c.close(LI, 1),
    "abort": lambda c: c.abort(LI, "x", 1),
}


@settings(max_examples=150)
@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=20))
def test_no_order_of_steps_makes_keys_without_all_officers(tried):
    ceremony = begun((LI, ZHAO, QIAN))
    for name in tried:
        try:
            row = STEPS[name](ceremony)
        except OutOfTurn:
            continue
        ceremony.apply(row)
        assert Ceremony.of_rows(ceremony.rows) == ceremony
        if ceremony.roots:
            assert set(ceremony.components) == {LI, ZHAO, QIAN}
            assert ceremony.ended is not Phase.ABORTED


def test_one_component_in_two_hands_is_refused_when_it_is_entered():
    ceremony = begun()
    taken(ceremony, ceremony.component(LI, own(LI), 1))
    with pytest.raises(OutOfTurn, match="与 李 的分量校验值相同：tac"):
        ceremony.component(ZHAO, own(ZHAO) | {"tac": own(LI)["tac"]}, 2)
    assert ceremony.missing == (ZHAO,)
