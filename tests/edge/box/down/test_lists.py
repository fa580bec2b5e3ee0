"""Hotlists to terminals of a bus that are far behind: once over the bus for all, by pages for whoever that misses."""

from random import Random

import pytest

from edge.box.down.lists import AWAY_S, FEW, GATHER_S, LIST
from edge.link.messages import Type
from shared.clocks.clock import DAY_S
from shared.fleet.document import PAGE_SIZE, DocumentKind
from shared.fleet.hotlist import hotlist_body
from tests.edge.box.down.test_carrying import Bus, meals
from tests.edge.fleet_rig import AS_OF

PAGES = 9


def a_list(seed: int) -> bytes:
    whole = hotlist_body((), room={b"\0\1": 65_536})
    return whole[:PAGE_SIZE] + Random(seed).randbytes(len(whole) - PAGE_SIZE)


def offer(bus: Bus, generation: int, as_of: int = AS_OF + DAY_S) -> None:
    made = bus.field.centre.make(a_list(generation), as_of=as_of, generation=generation)
    bus.field.offer(bus.field.centre.key(DocumentKind.HOTLIST), made.offer())


def in_use(bus: Bus) -> list[int]:
    papers = (body.holder.documents.in_use(DocumentKind.HOTLIST) for body in bus.bodies.values())
    return [paper.head.generation if paper else 0 for paper in papers]


def sent(bus: Bus, kind: Type = Type.DOCUMENT_PAGE) -> list[int]:
    return [body.holder.types().count(kind) for body in bus.bodies.values()]


def away(terminals: int) -> Bus:
    """They have a list of yesterday, the first one, which came by pages."""
    bus = Bus(terminals)
    offer(bus, 1, AS_OF)
    bus.run(20)
    assert in_use(bus) == [1] * terminals
    assert sent(bus) == [PAGES] * terminals
    assert not bus.frames
    for body in bus.bodies.values():
        body.holder.heard.clear()
    return bus


@pytest.fixture
def bus() -> Bus:
    return away(FEW + 1)


def test_those_who_are_far_behind_get_it_at_once_and_not_one_page(bus):
    offer(bus, 60)
    bus.run(30)
    assert in_use(bus) == [60] * (FEW + 1)
    assert sent(bus) == [0] * (FEW + 1)
    assert bus.symbols == PAGES * PAGE_SIZE // 8, "one pass"
    before = len(bus.frames)
    bus.run(90)
    assert len(bus.frames) == before
    assert sent(bus, Type.DOCUMENT_HEAD) == [0] * (FEW + 1), "what they have they are not offered"


def test_what_changes_next_goes_as_a_delta_at_once(bus):
    offer(bus, 60)
    bus.run(30)
    body = bytearray(a_list(60))
    body[-1] ^= 1
    made = bus.field.centre.make(bytes(body), as_of=AS_OF + DAY_S)
    bus.field.offer(made.delta())
    bus.run(0.5)
    assert in_use(bus) == [61] * (FEW + 1)


def test_a_few_get_pages_after_a_moment():
    bus = away(FEW - 1)
    offer(bus, 60)
    bus.run(GATHER_S - 0.5)
    assert sent(bus) == [0] * (FEW - 1)
    bus.run(20)
    assert in_use(bus) == [60] * (FEW - 1)
    assert sent(bus) == [PAGES - 1] * (FEW - 1), "the directory is the same"
    assert not bus.frames


def test_whoever_hears_no_broadcast_gets_pages(bus):
    bus.bodies[2].holder.deaf_to = lambda _down: True
    offer(bus, 60)
    bus.run(60)
    assert in_use(bus) == [60] * (FEW + 1)
    assert sent(bus) == [0, PAGES - 1, *[0] * (FEW - 1)]
    assert bus.field.codes() == []


@pytest.mark.parametrize(("generation", "as_of"), [(61, AS_OF + 2 * DAY_S), (62, AS_OF + DAY_S + AWAY_S - 1)])
def test_whoever_lacks_one_generation_or_what_is_new_this_hour_does_not_wait(bus, generation, as_of):
    offer(bus, 60)
    bus.run(30)
    offer(bus, generation, as_of)
    bus.run(GATHER_S - 1)
    assert all(sent(bus))


def test_a_meal_does_not_stop_it(bus):
    meals(bus, (bus.field.now().campus_s - 1) % DAY_S)
    offer(bus, 60)
    bus.run(30)
    assert in_use(bus) == [60] * (FEW + 1)
    assert bus.symbols == PAGES * PAGE_SIZE // 8


def test_a_newer_one_ends_the_one_before_and_nothing_older_takes_effect(bus):
    offer(bus, 60)
    bus.run(GATHER_S + 4)
    assert bus.frames
    offer(bus, 61)
    bus.run(40)
    assert in_use(bus) == [61] * (FEW + 1)


def test_who_comes_while_it_runs_hears_the_rest_of_it(bus):
    late = bus.bodies.pop(3)
    late.holder.off = True
    bus.field.disconnect()
    bus.field.connect()
    offer(bus, 60)
    bus.run(GATHER_S + 3)
    late.holder.off = False
    bus.bodies[3] = bus.join(3, late.holder)
    bus.run(40)
    assert in_use(bus) == [60] * (FEW + 1)
    assert LIST in bus.field.box.documents


def test_firmware_under_way_is_not_waited_for(bus):
    bus.release(2, "#" + "y" * 60_000)
    bus.run(15)
    offer(bus, 60)
    bus.run(2 * GATHER_S)
    assert all(sent(bus)), "by pages beside it"
