"""Asks the console's read API for the ledger entry of a record: GET /api/v1/entries?card=HEX&counter=N.

A card has two counters, and a void bears that of its purchase, so one number finds entries of several records: those
of our own are picked out here. Bounded waits, TLS against the campus authority when one is given. A console that is
away is an empty answer: the counter sells without it.
"""

import asyncio
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge.terminal.book import Row
from shared.ids import CardId
from shared.money import yuan
from shared.records import LOAD_SHAPED

WAIT_S = 1.0
PAUSE_S = 0.1
REQUEST_S = 1.0
ANSWER_MAX = 1 << 20
KINDS = {
    "purchase": "消费 purchase",
    "evidence": "消费，凭证据 purchase, by evidence",
    "void": "撤销 void",
    "load_authorised": "圈存批准 load authorised",
    "load_confirmed": "圈存入卡 load confirmed",
    "load_confirmed_by_counter": "圈存入卡，凭计数 load confirmed by counter",
    "claim_authorised": "领款批准 claim authorised",
}
Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Console:
    """Where the console is. token: of the read API; ca: PEM file, None for the system's authorities or plain HTTP."""

    url: str
    token: str = field(repr=False)
    ca: Path | None = None


async def entry_of(console: Console, card: CardId, counter: int, is_ours: Callable[[Entry], bool]) -> list[Entry]:
    """Those of the entries with this card counter that are ours, as soon as there is one; empty after WAIT_S."""
    loop = asyncio.get_running_loop()
    until = loop.time() + WAIT_S
    while True:
        found = [entry for entry in await asyncio.to_thread(_ask, console, card, counter) if is_ours(entry)]
        if found or loop.time() >= until:
            return found
        await asyncio.sleep(PAUSE_S)


def made_by(terminal: str, row: Row) -> Callable[[Entry], bool]:
    """Whether an entry comes from this record. A load is authorised before its record is written: its kind tells."""

    def is_ours(entry: Entry) -> bool:
        if row.kind in LOAD_SHAPED:
            return str(entry.get("kind")).startswith(("load", "claim"))
        record = entry.get("record") or {}
        return (record.get("terminal"), record.get("epoch"), record.get("seq")) == (terminal, row.epoch, row.seq)

    return is_ours


def entry_line(entry: Entry) -> str:
    """An entry in words: its number, its kind, and which account paid which."""
    kind = str(entry.get("kind"))
    moved = "，".join(f"{p['debit']} → {p['credit']} ¥{yuan(p['fen'])}" for p in entry.get("postings", ()))
    record = entry.get("record") or {}
    counter = f" · 卡计数 counter {record['counter']}" if "counter" in record else ""
    held = " · 待核 held" if record.get("verdict") == "held" else ""
    return f"账本分录 ledger entry {entry.get('entry')}: {KINDS.get(kind, kind)}{counter} · {moved}{held}"


def _ask(console: Console, card: CardId, counter: int) -> list[Entry]:
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
