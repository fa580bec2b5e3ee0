"""What an old line can carry, before tills are bought: CAN 125, CAN 50, two halves, or it stays RS-485. Pure.

The bounds are formulas and a table, not a measurement: the bus's own judgement is `edge commission --link`.
"""

from dataclasses import dataclass
from enum import StrEnum

from shared.words.voice import Text

NS_PER_M = 5
NODE_NS = 250
"""Transceiver and controller, once in each direction."""
SAMPLE = 0.8
"""The part of a bit within which the farthest node's answer must be back."""
PROPAGATION = 0.6
"""The part of a bit that is there for it, of which stubs may take a fiftieth each, and a tenth together."""
LONGEST_M = {125_000: 500, 50_000: 1000}
"""CiA: resistance and clocks allow no more, whatever the delay says."""
TAP_BITS = 1500
"""A tap on the bus: record, flow control, ACK, SETTLED and its part of STATUS and heartbeats."""
TAPS_PER_S = 0.5
LOAD_MAX = 0.6
NODES_MAX = 63
RATES = (125_000, 50_000)


class Use(StrEnum):
    """What to do with the line. A word of --json: never renamed."""

    CAN_125 = "can-125"
    CAN_50 = "can-50"
    SPLIT = "split"
    STAY = "stay-rs485"


@dataclass(frozen=True, slots=True)
class OldLine:
    """A pair of wires with taps: metres from end to end, stubs of so many metres each, terminals on it."""

    metres: int
    stubs: int
    terminals: int
    stub_m: int = 3

    def half(self) -> "OldLine":
        """The box in the middle, an adapter for each side."""
        return OldLine(-(-self.metres // 2), -(-self.stubs // 2), -(-self.terminals // 2), self.stub_m)


@dataclass(frozen=True, slots=True)
class Bound:
    """One of the four conditions at a bit rate: what there is, and what may be."""

    name: Text
    has: float
    most: float

    @property
    def holds(self) -> bool:
        """Is it kept?"""
        return self.has <= self.most


def longest_m(bitrate: int) -> int:
    """2 × (L × 5 ns/m + 250 ns) ≤ 0.8 bit, and no more than CiA's table."""
    by_delay = (SAMPLE / bitrate * 1e9 / 2 - NODE_NS) / NS_PER_M
    return min(int(by_delay), LONGEST_M[bitrate])


def bounds(line: OldLine, bitrate: int) -> tuple[Bound, ...]:
    """Length, one stub, all stubs, and the taps of a busy meal."""
    propagation_ns = PROPAGATION / bitrate * 1e9
    load = line.terminals * TAPS_PER_S * TAP_BITS / bitrate
    return (
        Bound(Text("长度（米）", "length, m"), line.metres, longest_m(bitrate)),
        Bound(Text("最长支线（米）", "a stub, m"), line.stub_m if line.stubs else 0, propagation_ns / 50 / NS_PER_M),
        Bound(Text("支线合计（米）", "all stubs, m"), line.stubs * line.stub_m, propagation_ns / 10 / NS_PER_M),
        Bound(Text("终端数", "terminals"), line.terminals, NODES_MAX),
        Bound(Text("高峰负载", "load at a meal"), round(load, 2), LOAD_MAX),
    )


def fits(line: OldLine, bitrate: int) -> bool:
    """Are all of them kept?"""
    return all(bound.holds for bound in bounds(line, bitrate))


def judge_line(line: OldLine) -> tuple[Use, int]:
    """What to do, and at which bit rate; 0 where it stays RS-485."""
    for rate, use in zip(RATES, (Use.CAN_125, Use.CAN_50), strict=True):
        if fits(line, rate):
            return use, rate
    for rate in RATES:
        if fits(line.half(), rate):
            return Use.SPLIT, rate
    return Use.STAY, 0
