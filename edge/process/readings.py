"""What a box says on up/bulk: how it, its links and its outbox are. It may be lost, and is the first thing that is.

Said every READINGS_S while the line to the broker has nothing else to do; else it is dropped, counted, and the next one
says how many were. It is QoS 0 and one message, so that it takes no place of a record's.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from edge.link.port import MessageLink, OnBus
from shared.wire.box_state import READINGS_MAX, Reading, ReadingRow, Readings, encode_readings

READINGS_S = 5
ACKS_MAX = 2048
"""Of the newest records between two readings; more do not change a p99."""


class Seen(NamedTuple):
    """What the agent knows at this moment."""

    rows: int
    oldest_ms: int
    terminals: int
    joined: int
    accepted: int
    connects: int
    posted_ms: Sequence[int]


class ReadingsOut:
    """Of one run of one box. rates: bits per second of each link that has a rate."""

    def __init__(self, links: Mapping[str, MessageLink], rates: Mapping[str, int]) -> None:
        self.dropped = 0
        self.acks_ms: deque[int] = deque(maxlen=ACKS_MAX)
        """From a record's arrival until it was durable, since the last reading."""
        self._links, self._rates = links, rates
        self._number = 0
        self._accepted = 0
        self._bits: dict[str, tuple[int, float]] = {}

    def message(self, machine: Iterator[ReadingRow], seen: Seen, mono_s: float, unix_ms: int) -> bytes:
        """The next one."""
        rows = [*machine, *self._of_box(seen), *self._of_links(mono_s)]
        self._number += 1
        return encode_readings(Readings(self._number, unix_ms, self.dropped, tuple(rows[:READINGS_MAX])))

    def drop(self) -> None:
        """It was not said."""
        self._number += 1
        self.dropped += 1

    def _of_box(self, seen: Seen) -> Iterator[ReadingRow]:
        yield ReadingRow(Reading.OUTBOX_ROWS, "", seen.rows)
        yield ReadingRow(Reading.OUTBOX_OLDEST_MS, "", seen.oldest_ms)
        yield ReadingRow(Reading.TERMINALS, "", seen.terminals)
        yield ReadingRow(Reading.TERMINALS_JOINED, "", seen.joined)
        yield ReadingRow(Reading.ACCEPTED, "", seen.accepted)
        yield ReadingRow(Reading.CONNECTS, "", seen.connects)
        yield from _quantiles(self.acks_ms, Reading.ACK_P50_MS, Reading.ACK_P99_MS)
        self.acks_ms.clear()
        if seen.accepted != self._accepted:  # who has sold nothing has no news of how long it takes
            self._accepted = seen.accepted
            yield from _quantiles(seen.posted_ms, Reading.POSTED_P50_MS, Reading.POSTED_P99_MS)

    def _of_links(self, mono_s: float) -> Iterator[ReadingRow]:
        for name, link in self._links.items():
            counters = link.counters()
            if isinstance(link, OnBus):
                yield from self._of_bus(name, link, mono_s)
            else:
                yield ReadingRow(Reading.BUS_ERRORS, name, counters.get("errors", 0))
            yield ReadingRow(Reading.BUS_OVERFLOW, name, counters.get("overflow", 0))

    def _of_bus(self, name: str, link: OnBus, mono_s: float) -> Iterator[ReadingRow]:
        report = link.bus()
        yield ReadingRow(Reading.BUS_TEC, name, report.tec)
        yield ReadingRow(Reading.BUS_REC, name, report.rec)
        yield ReadingRow(Reading.BUS_ERRORS, name, report.errors)
        yield ReadingRow(Reading.BUS_OFFS, name, report.offs)
        (bits, since_s), self._bits[name] = self._bits.get(name, (0, mono_s)), (report.bits, mono_s)
        could = self._rates.get(name, 0) * (mono_s - since_s)
        if could > 0:
            yield ReadingRow(
                Reading.BUS_LOAD_PERMILLE, name, min(1000, max(0, int(1000 * (report.bits - bits) / could)))
            )


def _quantiles(values: Sequence[int] | deque[int], half: Reading, nearly_all: Reading) -> Iterator[ReadingRow]:
    """Nothing where nothing is known."""
    if values:
        ordered = sorted(values)
        yield ReadingRow(half, "", max(0, ordered[len(ordered) // 2]))
        yield ReadingRow(nearly_all, "", max(0, ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]))
