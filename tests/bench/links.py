"""Records and questions of a busy meal on CAN and on RS-485, in virtual time, beside the bits that one of them takes.

32 terminals, 6.4 taps a second; before one tap in five goes a question to the centre, which takes 20 ms, as in the row.
What is made up besides is named in tests/edge/wires.py: half a millisecond at the box, and the terminals' reaction.
"""

import statistics
from collections.abc import Iterator
from random import Random

from edge.link.rs485.frame import OVERHEAD_BYTES
from edge.link.sim.can_load import message_bits, record_like
from tests.bench.row import Row, at_most
from tests.edge.wires import CENTRE_NS, CanWire, LineWire, Meal, Met

TERMINALS, TAPS_PER_S, ASKING, SECONDS = 32, 6.4, 0.2, 60.0
SEEDS = range(1, 4)
BITRATES, BAUDS, AIMED = (50_000, 125_000, 250_000, 500_000), (9_600, 115_200), 125_000
P50_MS, P99_MS, ANSWER_P99_MS = 15.0, 40.0, 60.0
SIZES = (69, 7), (62, 30)
"""A record and its ACK, a question and its answer: on the link, envelopes with them."""


def rows() -> Iterator[Row]:
    """The median of runs with other chances, and their spread."""
    for bitrate in BITRATES:
        runs = [_meal(CanWire(TERMINALS, bitrate, seed), seed) for seed in SEEDS]
        alone_ms = [_can_bits(*sizes) / bitrate * 1000 for sizes in SIZES]
        yield from _rows(f"CAN {bitrate // 1000}k", runs, alone_ms, is_aimed=bitrate == AIMED)
    for baud in BAUDS:
        runs = [_meal(LineWire(TERMINALS, baud), seed) for seed in SEEDS]
        yield from _rows(f"RS-485 {baud}", runs, [_line_ms(*sizes, baud) for sizes in SIZES], is_aimed=False)


def _meal(wire: CanWire | LineWire, seed: int) -> Met:
    wire.start()
    return Meal(wire, seed).play(SECONDS, TAPS_PER_S, ASKING)


def _rows(name: str, runs: list[Met], alone_ms: list[float], *, is_aimed: bool) -> Iterator[Row]:
    record_ms, answer_ms = alone_ms[0], alone_ms[1] + CENTRE_NS / 1e6
    for title, percent, taken, beside, goal_ms in (
        ("record", 50, [run.records for run in runs], record_ms, P50_MS),
        ("record", 99, [run.records for run in runs], record_ms, P99_MS),
        ("authorisation, 20 ms the centre", 50, [run.answers for run in runs], answer_ms, 0.0),
        ("authorisation, 20 ms the centre", 99, [run.answers for run in runs], answer_ms, ANSWER_P99_MS),
    ):
        yield _row(f"{name}, {title}, p{percent}", [_quantile(one, percent) for one in taken], beside,
                   goal_ms if is_aimed else 0.0)  # fmt: skip
    yield Row(f"{name}, not through 20 s after the last tap", statistics.median(run.lost for run in runs), "taps")


def _row(name: str, taken: list[float], beside: float, goal_ms: float) -> Row:
    value, spread = statistics.median(taken), f"{min(taken):.1f}–{max(taken):.1f}"
    if goal_ms:
        row = at_most(name, value, "ms", goal_ms)
        return Row(name, value, "ms", "alone on the wire, formula", beside, row.goal, row.met, spread)
    return Row(name, value, "ms", "alone on the wire, formula", beside, spread=spread)


def _quantile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def _can_bits(up: int, down: int) -> int:
    """Both messages with the flow control of each."""
    return sum(message_bits(record_like(Random(1), size), 1) for size in (up, down))  # no secret


def _line_ms(up: int, down: int, baud: int) -> float:
    """Half a round of empty polls, the poll that fetches the one, and the one that brings the other."""
    poll = 2 * OVERHEAD_BYTES
    bits = 10 * (TERMINALS / 2 * poll / 4 + poll + up + poll + down)  # a quiet one is asked in every fourth round
    turns_ms = TERMINALS / 2 / 4 + 2
    return bits / baud * 1000 + turns_ms
