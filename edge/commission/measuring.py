"""Counts what a CAN bus does: half of the time at rest, half of it filled with frames that nobody listens to.

The frames go out on a page of the ids that no node of ours hears (edge/link/can/ids.py), so that terminals may stay
on. The box must not run meanwhile: two nodes of one address would be a fault of our own making.
"""

import os
import select
import time
from dataclasses import dataclass
from typing import NamedTuple

from edge.commission.judge import Counted
from edge.link.can.door import BusLostError, CanBusSettings, Door, open_door
from edge.link.can.error import BusTrouble, decode_trouble
from edge.link.can.frame import ERROR, CanFrame, FrameError
from edge.link.can.health import Health
from edge.link.can.ids import EDGE_ADDRESS, PRIORITIES, CanId, parse_id
from edge.link.can.quota import MEAN_FRAME_BITS

LOAD = CanId(PRIORITIES - 1, 0, EDGE_ADDRESS, page=2).word
POLL_S = 0.005


@dataclass(slots=True)
class _Tally:
    health: Health
    addresses: set[int]
    heard: int = 0
    sent: int = 0
    errors: int = 0
    unheard: int = 0


class Measured(NamedTuple):
    """Both phases, and the addresses of all terminals that were heard in them."""

    rest: Counted
    load: Counted
    heard: frozenset[int]


def measure(settings: CanBusSettings, seconds: float) -> Measured:
    """At rest, under load. Raises BusLostError."""
    door = open_door(settings, EDGE_ADDRESS)
    try:
        heard: set[int] = set()
        rest = _phase(door, settings.bitrate, seconds / 2, heard, is_loaded=False)
        load = _phase(door, settings.bitrate, seconds / 2, heard, is_loaded=True)
        return Measured(rest, load, frozenset(heard))
    finally:
        door.close()


def _phase(door: Door, bitrate: int, seconds: float, heard: set[int], *, is_loaded: bool) -> Counted:
    tally, began_s = _Tally(Health(), heard), time.monotonic()
    while (now_s := time.monotonic()) - began_s < seconds:
        _drain(door, tally, now_s)
        while is_loaded and tally.health.back_s is None and door.send(CanFrame(LOAD, os.urandom(8))):
            tally.sent += 1
        if tally.health.is_due(now_s):
            door.restart()
        _wait(door)
    _drain(door, tally, time.monotonic())
    passed_s, health = time.monotonic() - began_s, tally.health
    frames = tally.heard + tally.sent
    return Counted(
        passed_s, frames, tally.errors, health.tec_peak, health.rec_peak, health.offs, tally.unheard, door.dropped,
        round(tally.sent * MEAN_FRAME_BITS / bitrate / passed_s, 3),
    )  # fmt: skip


def _drain(door: Door, tally: _Tally, now_s: float) -> None:
    while True:
        try:
            frame = door.receive()
        except FrameError:
            tally.errors += 1
            continue
        if frame is None:
            return
        if frame.word & ERROR:
            _note(tally, decode_trouble(frame), now_s)
        else:
            tally.heard += 1
            tally.addresses.add(parse_id(frame.word).source)


def _note(tally: _Tally, trouble: BusTrouble, now_s: float) -> None:
    tally.errors += trouble.bus_error and not trouble.no_ack
    tally.unheard += trouble.no_ack
    if not trouble.no_ack:
        tally.health.note(trouble, now_s)


def _wait(door: Door) -> None:
    descriptor = door.fileno()
    if descriptor is None:
        time.sleep(POLL_S)
    else:
        select.select([descriptor], [], [], POLL_S)


__all__ = ["BusLostError", "measure"]
