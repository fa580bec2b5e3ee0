"""The demonstration's bus: there and back, the same at both doors; what its cards tell of their rides."""

import json
from itertools import pairwise

import pytest

from edge.files.deck import Deck
from edge.terminal.play.driver import STOP_S, is_last, stop_at
from shared.records.slot_file import render_initial
from tests.edge.terminal.rides import SERIAL, card_memory, tap


def test_a_bus_goes_there_and_back():
    legs = [stop_at(leg * STOP_S, 3) for leg in range(8)]
    assert legs == [(1, 0), (2, 0), (3, 0), (3, 1), (2, 1), (1, 1), (1, 0), (2, 0)]
    assert stop_at(STOP_S - 0.01, 3) == (1, 0)
    assert [is_last(*leg, 3) for leg in legs[:6]] == [False, False, True, False, False, True]


@pytest.mark.parametrize("stops", range(1, 8))
def test_it_never_skips_a_stop(stops):
    legs = [stop_at(leg * STOP_S, stops) for leg in range(4 * stops)]
    assert {stop for stop, _ in legs} == set(range(1, stops + 1))
    assert all(abs(a[0] - b[0]) <= 1 for a, b in pairwise(legs))


def test_a_card_on_disk_tells_of_its_ride(bus, school, tmp_path):
    memory = card_memory(school, 5000)
    tap(bus("in"), memory)
    folder = tmp_path / "cards"
    folder.mkdir()
    never = card_memory(school, 0)
    index = {"aboard": ("1.card", memory), "never": ("2.card", never), "old": ("3.card", school.memory())}
    for file, image in index.values():
        (folder / file).write_bytes(render_initial(image.load()))
    rows = {label: {"file": file, "card": "5303" + SERIAL.hex()} for label, (file, _) in index.items()}
    (folder / "index.json").write_text(json.dumps(rows))
    deck = Deck(tmp_path)
    assert deck.find("aboard").ride().is_aboard
    assert deck.find("never").ride().line == 0
    assert deck.find("old").ride() is None
