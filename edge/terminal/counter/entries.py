"""Asks the console's read API for the ledger entries of what was just shown: GET /api/v1/entries?….

A purchase is found by its record, a mixed payment by its two. A load is authorised before its record is written, and
a void is booked on its purchase: those are found by the card's counter, and picked out. Bounded waits, TLS against the
campus authority when one is given. A console that is away is an empty answer: the counter sells without it.
"""

import asyncio
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge.terminal.store.book import Row
from shared.ids import DeviceId
from shared.money import yuan
from shared.records import LOAD_SHAPED, VOIDS, Pair
from shared.words.voice import Text

WAIT_S = 1.0
PAUSE_S = 0.1
REQUEST_S = 1.0
ANSWER_MAX = 1 << 20
KINDS = {
    "purchase": Text("消费", "purchase"),
    "evidence": Text("消费（凭证据）", "purchase, by evidence"),
    "void": Text("撤销", "void"),
    "meal": Text("应急餐", "emergency meal"),
    "code_paid": Text("脱机付款码", "offline code"),
    "code_borne": Text("脱机付款码（学校承担）", "offline code, borne by the school"),
    "load_authorised": Text("圈存批准", "load authorised"),
    "load_confirmed": Text("圈存入卡", "load confirmed"),
    "load_confirmed_by_counter": Text("圈存入卡（凭计数）", "load confirmed by counter"),
    "claim_authorised": Text("领款批准", "claim authorised"),
}
Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Console:
    """Where the console is. token: of the read API; ca: PEM file, None for the system's authorities or plain HTTP."""

    url: str
    token: str = field(repr=False)
    ca: Path | None = None


async def entries_of(console: Console, device: DeviceId, row: Row) -> list[Entry]:
    """Those of this record, and of the other half of its sale, as soon as all are there; after WAIT_S what is there."""
    loop = asyncio.get_running_loop()
    until = loop.time() + WAIT_S
    queries = queries_of(device, row)
    while True:
        answers = [_ours(row, await asyncio.to_thread(_ask, console, query)) for query in queries]
        if all(answers) or loop.time() >= until:
            return [entry for answer in answers for entry in answer]
        await asyncio.sleep(PAUSE_S)


def queries_of(device: DeviceId, row: Row) -> Sequence[str]:
    """What to ask for, a query each; the halves of a mixed payment are records n and n+1."""
    if row.kind in LOAD_SHAPED or row.kind in VOIDS:
        return (f"card={row.card.hex()}&counter={row.counter}",)
    seqs = (row.seq - 1, row.seq) if row.pair is Pair.SECOND else (row.seq,)
    return [f"device={device.hex()}&epoch={row.epoch}&seq={seq}" for seq in seqs]


def _ours(row: Row, found: list[Entry]) -> list[Entry]:
    """A card has two counters, and a void bears that of its purchase."""
    if row.kind in LOAD_SHAPED:
        return [entry for entry in found if str(entry.get("kind")).startswith(("load", "claim"))]
    return [entry for entry in found if row.kind not in VOIDS or entry.get("kind") == "void"]


def entry_line(entry: Entry) -> str:
    """An entry in words: its number, its kind, and which account paid which."""
    kind = str(entry.get("kind"))
    comma = str(Text("，", ", "))
    moved = comma.join(f"{p['debit']} → {p['credit']} ¥{yuan(p['fen'])}" for p in entry.get("postings", ()))
    record = entry.get("record") or {}
    counted = record.get("counter")
    counter = "" if counted is None else Text(f" · 卡计数 {counted}", f" · card counter {counted}")
    held = Text(" · 待核", " · held") if record.get("verdict") == "held" else ""
    head = Text(f"账本分录 {entry.get('entry')}：", f"ledger entry {entry.get('entry')}: ")
    return f"{head}{KINDS.get(kind, kind)}{counter} · {moved}{held}"


def _ask(console: Console, query: str) -> list[Entry]:
    url = f"{console.url.rstrip('/')}/api/v1/entries?{query}"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {console.token}"})  # noqa: S310  # the operator's own URL
    context = ssl.create_default_context(cafile=console.ca) if url.startswith("https:") else None
    try:
        with urllib.request.urlopen(request, timeout=REQUEST_S, context=context) as answer:  # noqa: S310  # as above
            said = json.loads(answer.read(ANSWER_MAX))
    except (OSError, ValueError):
        return []
    entries = said.get("entries") if isinstance(said, dict) else None
    return entries if isinstance(entries, list) else []
