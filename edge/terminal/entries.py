"""Asks the console's read API for the ledger entry of a purchase: GET /api/v1/entries?card=HEX&counter=N.

Bounded waits, TLS against the campus authority when one is given. A console that is away is an empty answer: the
counter sells without it.
"""

import asyncio
import json
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.ids import CardId

WAIT_S = 1.0
PAUSE_S = 0.1
REQUEST_S = 1.0
ANSWER_MAX = 1 << 20


@dataclass(frozen=True, slots=True)
class Console:
    """Where the console is. token: of the read API; ca: PEM file, None for the system's authorities or plain HTTP."""

    url: str
    token: str = field(repr=False)
    ca: Path | None = None


async def entry_of(console: Console, card: CardId, counter: int) -> list[dict[str, Any]]:
    """Entries with this card counter, as soon as there is one; empty after WAIT_S."""
    loop = asyncio.get_running_loop()
    until = loop.time() + WAIT_S
    while True:
        found = await asyncio.to_thread(_ask, console, card, counter)
        if found or loop.time() >= until:
            return found
        await asyncio.sleep(PAUSE_S)


def _ask(console: Console, card: CardId, counter: int) -> list[dict[str, Any]]:
    url = f"{console.url.rstrip('/')}/api/v1/entries?card={card.hex()}&counter={counter}"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {console.token}"})  # noqa: S310  # the operator's own URL
    context = ssl.create_default_context(cafile=console.ca) if url.startswith("https:") else None
    try:
        with urllib.request.urlopen(request, timeout=REQUEST_S, context=context) as answer:  # noqa: S310  # as above
            said = json.loads(answer.read(ANSWER_MAX))
    except (OSError, ValueError):
        return []
    entries = said.get("entries") if isinstance(said, dict) else None
    return entries if isinstance(entries, list) else []
