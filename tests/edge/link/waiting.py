"""Waiting for what another process or task does, no longer than a bound."""

import asyncio
import time

from tests.patience import PATIENCE_S


async def until(condition, timeout_s: float = PATIENCE_S):
    """In an event loop."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - conditions are of many kinds
            await asyncio.sleep(0.005)


def wait_until(condition, timeout_s: float = PATIENCE_S):
    """Without one; what the condition said."""
    deadline_s = time.monotonic() + timeout_s
    while not (result := condition()):
        assert time.monotonic() < deadline_s, "waited in vain"
        time.sleep(0.005)
    return result
