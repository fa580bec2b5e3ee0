"""256 KiB to 60 terminals over CAN, seconds of bus time in virtual time, beside one pass and beside bitmaps of losses.

Bus time is what frames took, whoever sent them; a row beside it says how long it was until the last one had it whole,
erase and waits for the silent included. Losses are drawn at each receiver: hardware makes good what the wire destroys.
"""

from collections.abc import Callable, Iterator
from random import Random

from edge.link.broadcast import Answer, Say, Symbol
from edge.link.can.broadcast import down_frame, up_frame
from edge.link.can.frame import frame_bits
from shared.fleet.document import DocumentKind
from tests.bench import pages, together
from tests.bench.row import Row, at_most
from tests.edge.link.can.broadcast_bus import Bus, Losing, bursts, iid
from tests.edge.terminal.down.centre import Centre

SIZE, TERMINALS, LOSS, BURST = 256 * 1024, 60, 0.01, 10
BITRATE, OTHERS = 125_000, (50_000, 250_000, 500_000)
IID_S, BURSTS_S = 45.0, 55.0
ERASE_S, OVERRUN_S = 1.5, 0.1
SYMBOLS = SIZE // 8
CHUNKS = 48
"""Of which one frame of a bitmap speaks."""
BAUDS = 9_600, 115_200
BYTES_PER_PAGE = 1024 + 12


def rows() -> Iterator[Row]:
    """With goals at 125 kbit/s; the other rates, and RS-485, beside."""
    once, what = _once_s(BITRATE), "CAN 125k"
    bus = _run(BITRATE, _iid)
    name = f"{what}, 1 % lost"
    yield at_most(f"{name}, bus time", bus.busy_s, "s", IID_S, "one pass, formula", once)
    yield Row(f"{name}, bus time again", bus.busy_s, "s", "bitmaps of losses, all answer", _bitmaps_s(_iid_missing))
    yield Row(f"{name}, until the last has it", bus.now_s, "s", "bus time", bus.busy_s)
    bus = _run(BITRATE, _bursts)
    name = f"{what}, 1 % in bursts of 10"
    yield at_most(f"{name}, bus time", bus.busy_s, "s", BURSTS_S, "one pass, formula", once)
    yield Row(f"{name}, bus time again", bus.busy_s, "s", "bitmaps of losses, all answer", _bitmaps_s(_burst_missing))
    bus = _run(BITRATE, _iid, OVERRUN_S)
    yield Row(f"{what}, 1 % lost and an overrun of 100 ms", bus.busy_s, "s", "one pass, formula", once)
    for bitrate in OTHERS:
        bus = _run(bitrate, _iid)
        name = f"CAN {bitrate // 1000}k, 1 % lost"
        yield Row(f"{name}, bus time", bus.busy_s, "s", "one pass, formula", _once_s(bitrate))
    for baud in BAUDS:
        each = SIZE / 1024 * BYTES_PER_PAGE * 10 / baud
        name = f"by pages to each of 60, RS-485 {baud}"
        yield Row(name, each * TERMINALS, "s", "to one of them, formula", each)
    yield from pages.rows()
    yield from together.rows()


def _run(bitrate: int, losing: Callable[[int, int], Losing], overrun_s: float = 0.0) -> Bus:
    centre = Centre(DocumentKind.FIRMWARE)
    body = Random(3).randbytes(SIZE)
    bus = Bus(
        centre.signed(centre.make(body)), body, TERMINALS, lambda address: losing(address, bitrate), bitrate, ERASE_S
    )
    for address, station in bus.stations.items():
        begins_ns = int(Random(-address).uniform(ERASE_S + 2, 30) * 1e9)
        station.deaf.append((begins_ns, begins_ns + int(overrun_s * 1e9)))
    bus.run()
    if not bus.all_whole():
        raise RuntimeError(f"not whole everywhere: {bus.sender.fates}")
    return bus


def _iid(address: int, _bitrate: int) -> Losing:
    return iid(Random(address), LOSS)


def _bursts(address: int, bitrate: int) -> Losing:
    return bursts(Random(address), LOSS, BURST, int(_frame_s(bitrate) * 1e9))


# --- what it stands beside -----------------------------------------------------------------------------------------


def _frame_s(bitrate: int) -> float:
    """Of a symbol, with its stuffing, on average."""
    chance = Random(5)
    bits = [frame_bits(down_frame(Symbol(1, at % 256, at % 128, chance.randbytes(8)))) for at in range(2000)]
    return sum(bits) / len(bits) / bitrate


def _once_s(bitrate: int) -> float:
    return SYMBOLS * _frame_s(bitrate)


def _bitmaps_s(missing: Callable[[Random, list[int]], set[int]]) -> float:
    """Every terminal says which of each 48 chunks it lacks, and every chunk that somebody lacks is sent again."""
    said = frame_bits(up_frame(30, Answer(1, Say.LACKING, 5, (1,) * 12))) / BITRATE
    frames_s, chances = _frame_s(BITRATE), [Random(address) for address in range(TERMINALS)]
    lacks = [set(range(SYMBOLS)) for _ in chances]
    total_s, sent = 0.0, set(range(SYMBOLS))
    while sent:
        total_s += len(sent) * frames_s
        lacks = [lack & missing(chance, sorted(sent)) for lack, chance in zip(lacks, chances, strict=True)]
        total_s += said * sum(len({chunk // CHUNKS for chunk in lack}) for lack in lacks)
        sent = set().union(*lacks)
    return total_s


def _iid_missing(chance: Random, sent: list[int]) -> set[int]:
    return {chunk for chunk in sent if chance.random() < LOSS}


def _burst_missing(chance: Random, sent: list[int]) -> set[int]:
    lost: set[int] = set()
    for at in range(len(sent)):
        if chance.random() < LOSS / BURST:
            lost.update(sent[at : at + BURST])
    return lost
