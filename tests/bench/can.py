"""Records over a full simulated CAN bus in real time, beside the formula over the exact bits of all frames sent."""

from collections.abc import Iterator

from edge.link.sim.can_load import message_bits, record_like, saturate
from tests.bench.row import Row, at_least

BITRATE = 125_000
SECONDS = 4.0
RECORD_BYTES = 69


def rows() -> Iterator[Row]:
    """Saturated records/s, how fair, its CPU, and the time that one record takes on the bus."""
    found = saturate(BITRATE, terminals=8, message_bytes=RECORD_BYTES, seconds=SECONDS)
    yield at_least(
        "CAN 125 kbit/s, saturated",
        found.per_s,
        "records/s",
        "formula, exact bits of all frames",
        found.formula_per_s,
        0.95,
    )
    least, most = min(found.by_terminal.values()), max(found.by_terminal.values())
    yield at_least("CAN, the terminal heard least", least, "records", "the terminal heard most", most, 0.5)
    yield Row("CAN links, CPU of 8 terminals and the edge", found.cpu_us_per_message, "µs/record")
    from random import Random

    bits = message_bits(record_like(Random(1), RECORD_BYTES), 1)  # no secret
    yield Row("CAN bus time of one record with its flow control", bits / BITRATE * 1000, "ms")
