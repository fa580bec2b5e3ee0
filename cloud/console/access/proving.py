"""The audit list's chain is proved beside the pages, whether or not anybody looks at it."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from cloud.console.access.audit import Audit
from shared.errors import YktError

PROVE_S = 1.0
PROVE_ROWS = 500
"""New rows of one turn, and old ones as many: a hundredth of a second."""
log = logging.getLogger(__name__)


async def prove(audit: Audit, stop: asyncio.Event, now_ms: Callable[[], int], each_s: float = PROVE_S) -> None:
    """Until told to end, a piece of it each turn. A list that cannot be read is read in the next turn."""
    is_told = False
    while not stop.is_set():
        with suppress(YktError):
            looked = await asyncio.to_thread(audit.look, now_ms(), PROVE_ROWS)
            if looked.broken_at is not None and not is_told:
                log.error("the audit list is broken at row %d", looked.broken_at)
                is_told = True
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), each_s)
