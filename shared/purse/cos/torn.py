"""Tearing on purpose: a memory and a channel that lose the card at a chosen point.

Product code beside the software card, so that the terminal's "pull the card" and every test tear in the same way.
They decide nothing themselves: a plan says what happens at each step.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from shared.purse.apdu import CardChannel
from shared.purse.cos.images import CardMemory
from shared.purse.errors import CardLost


class Tear(Enum):
    """Where the power goes: not at all, before the step took effect, or after it and before the answer."""

    NOT = 0
    BEFORE = 1
    AFTER = 2


Plan = Callable[[], Tear]
"""Asked once per step."""


class TearingMemory:
    """A memory whose writes may lose the card before or after they take effect."""

    def __init__(self, memory: CardMemory, plan: Plan) -> None:
        self._memory = memory
        self._plan = plan

    def load(self) -> bytes:
        return self._memory.load()

    def store(self, image: bytes, /) -> None:
        tear = self._plan()
        if tear is Tear.BEFORE:
            raise CardLost("torn before the write")
        self._memory.store(image)
        if tear is Tear.AFTER:
            raise CardLost("torn after the write")


class TearingChannel:
    """A field that the card may leave before a command reaches it or before its answer comes back."""

    def __init__(self, channel: CardChannel, plan: Plan) -> None:
        self._channel = channel
        self._plan = plan

    def transmit(self, apdu: bytes, /) -> bytes:
        tear = self._plan()
        if tear is Tear.BEFORE:
            raise CardLost("torn before the command")
        response = self._channel.transmit(apdu)
        if tear is Tear.AFTER:
            raise CardLost("torn before the answer")
        return response
