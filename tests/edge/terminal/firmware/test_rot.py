"""A terminal whose store has forgotten a bit: it says so, sells on, and never numbers over a record."""

import pytest

from edge.terminal.store import layout
from edge.terminal.store.untold import Place
from edge.terminal.taps.display import Bar
from edge.terminal.taps.steps import End


def newest_at(bench):
    epoch = bench.firmware.body.flash.current
    return layout.RING_AT + (epoch.first_index + epoch.last - 1) % 64 * layout.SLOT_SIZE


def lose_newest(bench, *, with_head=False):
    """The slot cannot be read any more."""
    at = newest_at(bench)
    bench.port.image[at : at + layout.SLOT_SIZE] = bytes(layout.SLOT_SIZE)
    if with_head:
        bench.port.image[layout.HEAD_AT : layout.HEAD_AT + layout.HEAD_SIZE] = bytes(layout.HEAD_SIZE)


@pytest.mark.parametrize("is_settled", [False, True])
def test_a_flipped_bit_in_the_newest_record_loses_no_sale_without_a_line(bench, is_settled):
    memory = bench.school.memory()
    for amount in (100, 200):
        bench.sell(memory, amount)
    if is_settled:
        bench.deliver(bench.edge.settle())
    bench.port.crash(lambda _: 0)
    bench.port.image[newest_at(bench) + 40] ^= 0x10
    bench.power_on()
    assert bench.sell(memory, 300).row.seq == 3
    assert any("1 处位错已修复" in what.title.zh for what in bench.displays)
    bench.connect()
    assert [record.amount_fen for record in bench.written().values()] == [100, 200, 300]
    assert bench.edge.seqs() == [1, 2, 3]


def test_a_settled_record_that_is_gone_is_not_numbered_over_by_a_sale_without_a_line(bench):
    memory = bench.school.memory()
    bench.sell(memory, 100)
    bench.deliver(bench.edge.settle())
    bench.firmware.close()
    lose_newest(bench, with_head=True)
    bench.power_on()
    assert bench.sell(memory, 300).row.seq == 2
    bench.connect()
    assert [record.amount_fen for record in bench.written().values()] == [100, 300]


def test_a_join_tells_of_records_that_the_store_does_not_know(bench):
    bench.sell(bench.school.memory(), 100)
    bench.deliver(bench.edge.settle())
    bench.sell(bench.school.memory(), 200)
    bench.told = Place(0, 0)
    lose_newest(bench, with_head=True)
    bench.power_on()
    bench.connect()
    assert bench.firmware.bar is None
    assert bench.sell(bench.school.memory(2), 300).row.seq == 3
    assert [record.amount_fen for record in bench.written().values()] == [100, 200, 300]


def test_a_record_that_was_shown_and_is_gone_stops_the_terminal(bench):
    bench.net = False
    for amount in (100, 200):
        bench.sell(bench.school.memory(), amount)
    lose_newest(bench, with_head=True)
    bench.power_on()
    assert bench.firmware.bar is Bar.FLASH
    assert bench.sell(bench.school.memory(2), 300).end is End.NOT_SELLING
