"""Which address a terminal gets that has none of its own, what is durable when it is said, and who gets none."""

import random
from dataclasses import replace

import pytest

from edge.box.terminals.addresses import CLAIMS_BURST, KEEP_AGAIN_S
from edge.box.values.effects import KeepAddress, Send
from edge.link.port import CLAIMANTS
from edge.settings import BoxSettings, LinkKind, LinkSetting, SpareSetting, SwapOrder
from shared.inventory import DeviceKind
from tests.edge.rig import Body, Field, device, settings


def given(bodies: int = 3, *, configured: dict[int, int] | None = None) -> BoxSettings:
    """Bodies 1..n on a CAN bus without addresses; configured: number → address of those that have one."""
    made = settings(bodies, on="can0")
    rows = tuple(replace(one, address=(configured or {}).get(one.device[-1], 0)) for one in made.terminals)
    return replace(made, terminals=rows)


class Claims(Field):
    """answers: what was said to claimants, device and address, in order."""

    @property
    def answers(self) -> list[tuple[int, int]]:
        return [(one.message[5], one.message[6]) for one in self.sent if one.peer == CLAIMANTS]

    def claim(self, *numbers: int, link: str = "can0") -> list[tuple[int, int]]:
        self.sent.clear()
        for number in numbers:
            self.run(self.box.on_message(self.now(), link, CLAIMANTS, device(number)))
        return self.answers


def test_the_lowest_free_one_and_the_same_for_ever():
    field = Claims(given(4, configured={2: 1}))
    assert field.claim(3, 1, 3) == [(3, 2), (1, 3), (3, 2)]
    field.crash()
    assert field.claim(4, 1, 3) == [(4, 4), (1, 3), (3, 2)]


def test_it_is_durable_before_it_is_said():
    field = Claims(given())
    effects = field.box.on_message(field.now(), "can0", CLAIMANTS, device(1))
    assert effects == [KeepAddress(device(1), "can0", 1)]
    field.crash()  # between the two: nothing was said, so nobody has it
    assert field.claim(2, 1) == [(2, 1), (1, 2)]


def test_what_the_disk_has_refused_is_given_to_it_again():
    field = Claims(given())
    first = field.box.on_message(field.now(), "can0", CLAIMANTS, device(1))
    assert field.box.on_message(field.now(), "can0", CLAIMANTS, device(1)) == []
    assert field.claim(2) == [(2, 2)], "what is on its way is nobody else's"
    field.s += KEEP_AGAIN_S
    assert field.box.on_message(field.now(), "can0", CLAIMANTS, device(1)) == first
    assert field.claim(1) == []
    field.run(first)
    assert field.answers == [(1, 1)]


@pytest.mark.parametrize("number", [9, 2, 3])
def test_a_stranger_another_links_and_a_configured_one_get_no_answer_and_are_told_once(number):
    made = given(3, configured={2: 1})
    other = LinkSetting("can1", LinkKind.CAN, 125_000, 0)
    rows = tuple(replace(one, link="can1") if one.device == device(3) else one for one in made.terminals)
    field = Claims(replace(made, terminals=rows, links=(*made.links, other)))
    field.connect()
    assert field.claim(number, number, number) == []
    assert field.codes() == ["terminal-unknown"]
    assert field.box.totals()["claims_refused"] == 3


def test_a_storm_is_throttled_and_a_flood_of_names_is_not_told():
    field = Claims(given())
    field.connect()
    for n in range(2 * int(CLAIMS_BURST)):
        field.run(field.box.on_message(field.now(), "can0", CLAIMANTS, device(100 + n)))
    assert field.box.totals()["claims_dropped"] == CLAIMS_BURST
    assert len(field.codes()) == 20
    assert field.claim(1) == []
    field.s += 1
    assert field.claim(1) == [(1, 1)], "its pause is longer than the storm"


def test_where_another_has_proven_to_be_nobody_is_sent():
    field = Claims(given(3))
    field.connect()
    roaming = Body(7)
    made = given(3)
    moved = replace(made.terminals[0], device=roaming.device, key=roaming.key, link="tcp", name="pos-07")
    field = Claims(replace(made, terminals=(*made.terminals, moved)))
    field.connect()
    field.join(roaming, ("can0", 1))
    assert field.box.is_proven("can0", 1)
    assert field.claim(1) == [(1, 2)]


def test_a_box_that_has_lost_its_outbox_believes_who_proves_to_be_there():
    field = Claims(given(3))
    field.connect()
    field.joined(3, ("can0", 17))
    assert field.answers == []
    field.crash()
    assert field.claim(3, 1) == [(3, 17), (1, 1)]


def test_but_not_where_another_is_at_home():
    field = Claims(given(3, configured={2: 5}))
    field.connect()
    field.joined(1, ("can0", 5))
    assert {*field.answers} == {(1, 1)}, "it is told where it belongs"
    assert field.claim(1) == [(1, 1)]


def test_who_speaks_elsewhere_is_told_at_its_hello():
    field = Claims(given(2))
    field.connect()
    assert field.claim(1, 2) == [(1, 1), (2, 2)]
    field.sent.clear()
    field.hear(("can0", 9), Body(2).hello())
    assert field.answers == [(2, 2)]


def test_an_address_that_edge_json_gives_to_another_by_now_is_given_up():
    field = Claims(given(2))
    assert field.claim(1) == [(1, 1)]
    field.settings = given(2, configured={2: 1})
    field.crash()
    assert field.claim(1) == [(1, 2)]
    field.settings = given(2)
    field.crash()
    assert field.claim(1, 2) == [(1, 2), (2, 1)]


def test_a_spare_gets_the_address_of_the_place_and_the_broken_body_none():
    spare = SpareSetting(device(9), "spare-01", DeviceKind.POS, bytes((9,)) * 16, 1)
    field = Claims(replace(given(2), spares=(spare,)))
    assert field.claim(2, 1, 9) == [(2, 1), (1, 2)]
    field.run(field.box.on_swaps(field.now(), [SwapOrder(device(9), device(2), "li", 1)]))
    assert field.claim(9, 2) == [(9, 1)]
    assert field.box.states()[-1].address == "1"


def test_the_chain_is_that_of_edge_json_and_is_known_by_name():
    field = Claims(given(3))
    field.claim(3, 1)
    watch = field.box._buses.watches["can0"]
    assert watch._names == {2: "pos-01", 1: "pos-03"}
    assert [*watch._names] == [2, 1]
    assert [state.address for state in field.box.states()] == ["2", "", "1"]


def test_a_bus_has_only_so_many():
    field = Claims(given(224))
    answers = [pair for number in range(1, 225) for pair in field.claim(number)]
    assert sorted(address for _, address in answers) == list(range(1, 224))
    assert field.box.totals()["claims_full"] == 1


@pytest.mark.parametrize("damage", [("address", 7), ("crc", 1), ("name", b"\0\1\0\0\0\1")])
def test_a_damaged_row_is_as_good_as_not_there(damage):
    field = Claims(given(2))
    assert field.claim(2, 1) == [(2, 1), (1, 2)]
    column, value = damage
    field.db.execute(f"UPDATE address SET {column} = ? WHERE address = 2", (value,))  # noqa: S608  # words of ours
    field.crash()
    assert field.claim(2) == [(2, 1)]
    assert field.claim(1) == [(1, 2)], "asked for anew"


@pytest.mark.parametrize("seed", range(20))
def test_whenever_the_box_is_killed_nobody_is_told_two_and_no_two_the_same(seed):
    """Claims, lost answers, commits that come late or never, kills, and joins at what was said."""
    rng = random.Random(seed)
    field = Claims(given(20, configured={4: 3, 9: 1}))
    said: dict[int, int] = {}
    late: list = []
    for _ in range(400):
        field.s += rng.choice((0.0, 0.1, 3.0))
        number, deed = rng.randint(1, 22), rng.random()
        if deed < 0.7:
            late += field.box.on_message(field.now(), "can0", CLAIMANTS, device(number))
        elif deed < 0.75:
            late.clear()  # what was on its way to the disk or the bus is gone
            field.crash()
        while late and rng.random() < 0.6:
            effect = late.pop(0)
            if isinstance(effect, Send):
                assert said.setdefault(effect.message[5], effect.message[6]) == effect.message[6]
            elif isinstance(effect, KeepAddress):
                late += field.box.on_outcomes(field.now(), field._commit([effect]))
    assert len(said) == len(set(said.values())) == 18
    assert not {1, 3} & set(said.values())
    assert max(said.values()) <= 20


def test_a_flood_is_told_of_the_bus():
    field = Claims(given(1))
    field.connect()
    for _ in range(2001):
        field.run(field.box.on_message(field.now(), "can0", CLAIMANTS, device(1)))
    assert [dict(fact.told) for fact in field.facts if fact.code == "terminal-flooding"] == [{"place": "can0"}]
