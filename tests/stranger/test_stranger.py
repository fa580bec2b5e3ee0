"""Somebody who has read docs/protocol and nothing else has written a terminal: it sells, and loses nothing."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.ids import DeviceId
from shared.records import PurchaseRecord, decode, parse_stored
from tests.attack.place import BOUND_S, POLL_S, Place, asked, command
from tests.stranger.kernel import Kernel, balance_fen
from tests.stranger.terminal import CannotSell, Terminal

pytestmark = pytest.mark.process
BODY, BOX, LABEL = "pos-4", "annex", "0002"
POSTED = "SELECT stored FROM record WHERE verdict = 1 AND substr(stored, 1, 6) = ? ORDER BY id"


@pytest.fixture
def place(room: Path) -> Iterator[Place]:
    with Place(room) as place:
        place.start("broker", "keys", "ingest", f"edge-{BOX}")
        yield place


def until(what: str, holds: Callable[[], bool]) -> None:
    last_s = time.monotonic() + BOUND_S
    while not holds():
        assert time.monotonic() < last_s, what
        time.sleep(POLL_S)


class Counter:
    """The stranger's terminal in the place of one of ours."""

    def __init__(self, place: Place, folder: Path) -> None:
        raw = json.loads((place.data / "terminals" / BODY / "terminal.json").read_text())
        self.device, self._key = DeviceId(bytes.fromhex(raw["device"])), bytes.fromhex(raw["key"])
        self._campus_key = bytes.fromhex(raw["campus_key"])
        self._place, self._folder = place, folder
        self.kernel = Kernel(place.data, BODY, LABEL)
        self.terminal = self.power_on()

    def power_on(self) -> Terminal:
        self.terminal = Terminal(
            "127.0.0.1", self._place.ports[BOX], self.device, self._key, bytes(self.kernel.psam), self._folder,
            self.kernel, self._campus_key, tls=True,
        )  # fmt: skip
        self.terminal.start()
        return self.terminal

    def posted(self) -> list[tuple[int, int]]:
        """Number and amount of each of its records that is booked."""
        rows = [decode(parse_stored(raw).wire) for (raw,) in asked(self._place.ledger, POSTED, self.device)]
        return [(row.seq, row.amount_fen) for row in rows if isinstance(row, PurchaseRecord)]

    def power_off(self) -> None:
        self.terminal.close()
        for one in (self.terminal._wake_r, self.terminal._wake_w):  # it leaves them to Python
            one.close()

    def close(self) -> None:
        self.power_off()
        self.kernel.close()


@pytest.fixture
def counter(place: Place, tmp_path: Path) -> Iterator[Counter]:
    (tmp_path / "body").mkdir()
    counter = Counter(place, tmp_path / "body")
    yield counter
    counter.close()


def may_sell(counter: Counter) -> bool:
    """A hotlist may come before the epoch does: it needs none."""
    return counter.terminal._current > 0 and counter.terminal.hotlist_generation > 0


def test_it_sells_through_a_dead_box_and_a_power_cut(place: Place, counter: Counter) -> None:
    before = balance_fen(place.data, LABEL)
    until("it may sell", lambda: may_sell(counter))
    sums = [1250, 100, 300, 990]
    counter.terminal.sell(sums[0])
    until("the ledger has it", lambda: counter.terminal.unsettled == 0)
    place.kill(f"edge-{BOX}")
    counter.terminal.sell(sums[1])
    counter.terminal.sell(sums[2])
    counter.power_off()
    counter.power_on()
    assert counter.terminal.unsettled == 2
    place.start(f"edge-{BOX}")
    until("it joins again", lambda: counter.terminal.joined)
    counter.terminal.sell(sums[3])
    until("the ledger has them", lambda: counter.terminal.unsettled == 0)
    assert counter.posted() == [*enumerate(sums, 1)]
    assert balance_fen(place.data, LABEL) == before - sum(sums)
    place.stop("ingest")
    command("cloud", "verify", "--data", place.data)


def test_a_lost_card_buys_nothing_there(place: Place, counter: Counter) -> None:
    until("it may sell", lambda: may_sell(counter))
    counter.terminal.sell(100)
    was = counter.terminal.hotlist_generation
    command("cloud", "card", "report-lost", LABEL, "--data", place.data, "--who", "王芳")
    until("the list is there", lambda: counter.terminal.hotlist_generation > was)
    with pytest.raises(CannotSell):
        counter.terminal.sell(100)
    command("cloud", "card", "cancel-report", LABEL, "--data", place.data, "--who", "王芳")
    until("it is off the list", lambda: counter.terminal.hotlist_generation > was + 1)
    counter.terminal.sell(100)
