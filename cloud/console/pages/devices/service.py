"""A device in and out of service 停用, at another box, replaced 换机; what its silence hides; its clock.

Out of service is planned work of the watch: it has an end, alarms of it call nobody, and its records are taken as ever.
Whether the till itself is locked is an order of its own. A body that moves is the ledger's two persons' word.
"""

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from flask import abort, g, redirect, request, url_for

from cloud.console.access.rights import Right
from cloud.console.frame.page import Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.told import tell
from cloud.console.pages.devices.commands import campus_now, kept_in
from cloud.console.pages.devices.deeds import require_reason
from cloud.console.pages.devices.devices import WORKS_MAX, Row, may_command, seen_rows
from cloud.console.pages.home.overview import OF_A_PERSON, fact_row
from cloud.ledger.held.door import HeldLedger
from cloud.ledger.held.orders import read_move
from cloud.ledger.held.two_persons import ProposalKind
from cloud.ledger.read.fleet.swaps import SwapView
from cloud.ledger.read.views import RecordView, TerminalBody
from cloud.ledger.records.values import Now
from cloud.watch.alarms.terms import Kind, Source
from cloud.watch.kept import planned
from cloud.watch.kept.planned import Work
from cloud.watch.notify import persons
from cloud.watch.store import WatchStore
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text
from shared.errors import ConfigFault
from shared.ids import BoxId, DeviceId
from shared.records import kinds
from shared.words.voice import Text

EVENTS = 12
HOURS_MAX = 72
FAST_S = 2
"""A record that is from so much later than it came here was written by a clock that is fast."""
_SALES = frozenset({kinds.Kind.PURCHASE.name, kinds.Kind.RECOVERED.name})


class Offset(NamedTuple):
    """Of a clock, as far as records tell: what came in the moment that it was written bounds it from below. least_s
    None: no record tells."""

    least_s: int | None

    @property
    def said(self) -> Text:
        """In words."""
        if self.least_s is None:
            return Text("未知", "not known")
        if self.least_s >= FAST_S:
            return Text(f"至少快 {self.least_s} 秒", f"fast by {self.least_s} s at least")
        slow = max(0, -self.least_s)
        return Text(
            f"按最近记录，至多慢 {slow} 秒；是否偏快未知",
            f"by its last records slow by {slow} s at most; fast: unknown",
        )

    @property
    def is_fast(self) -> bool:
        """Does a record prove it?"""
        return self.least_s is not None and self.least_s >= FAST_S


class Hidden(NamedTuple):
    """What nobody can know while it is not heard. owed: records that it said it has, and that are not here; fen: what
    they may come to by its last sales, None: nothing to reckon by; more: records that it has still room for."""

    owed: int | None
    fen: int | None
    more: int | None


def offset_of(records: Sequence[RecordView]) -> Offset:
    """Record's time minus the time at which it came, the greatest: it cannot have come before it was written."""
    leads = [one.time - int(WALL.at(one.received_ms / 1000)) for one in records if one.time and one.received_ms]
    return Offset(max(leads, default=None))


def hidden_of(row: Row, body: TerminalBody, records: Sequence[RecordView]) -> Hidden:
    """As its last STATUS and its last sales have it."""
    sums = [one.amount_fen for one in records if one.kind in _SALES and one.amount_fen]
    owed = row["owes"]
    fen = None if owed is None or not sums else owed * sum(sums) // len(sums)
    return Hidden(owed, fen if owed else 0 if owed == 0 else None, body.slots_left)


def events_of(sources: Sources, row: Row) -> list[dict[str, Any]] | None:
    """What was told of it, newest first; None: not for him."""
    if not g.signed.sees(Right.SEE_ALARMS, box=row["box"], merchant=row["merchant"]):
        return None
    found = [one for one in sources.reader.facts_of(bytes.fromhex(row["device"]), EVENTS)
             if one.code not in OF_A_PERSON]  # fmt: skip
    return [fact_row(one) | {"at": time_text(int(WALL.at(one.at_ms / 1000)))} for one in found]


def swaps_of(sources: Sources, device: bytes, now: Now) -> list[SwapView]:
    """In which it is the broken one or the spare, oldest first."""
    return [one for one in sources.reader.fleet.swaps(now.unix_ms) if device in (one.row.broken, one.row.spare)]


def work_on(store: WatchStore, device: str, now_ms: int) -> Work | None:
    """Planned work on it that goes on, or is to come. Inside of a transaction."""
    source = Source(Kind.TERMINAL, device)
    found = [one for one in planned.works(store.db, WORKS_MAX) if one.source == source and one.end_ms > now_ms]
    return min(found, key=lambda one: one.from_ms, default=None)


def moves_of(sources: Sources, device: bytes, now: Now) -> list[int]:
    """Proposals to move it that wait."""
    return [
        one.number for one in sources.reader.proposals()
        if one.kind is ProposalKind.MOVE and one.waits(now.unix_ms) and read_move(one.document).device == device
    ]  # fmt: skip


# --- acts ------------------------------------------------------------------------------------------------------------


def _out(sources: Sources, device: str) -> Reply:
    """Until its end, or until somebody takes it back. With a lock: the order is confirmed on its own page."""
    row, reason = _mine(sources, device), _reason()
    hours = request.form.get("hours", "")
    if not (hours.isascii() and hours.isdigit() and 1 <= int(hours[:3]) <= HOURS_MAX):
        raise ConfigFault(Text(f"小时数应为 1 至 {HOURS_MAX}", f"hours are 1 to {HOURS_MAX}"))
    now_ms = int(time.time() * 1000)
    until_ms = now_ms + int(hours) * 3_600_000
    with sources.watch() as store, store.db.writing():
        who = persons.ensured(store.db, g.signed.name).name
        planned.plan(store.db, Work(0, Source(Kind.TERMINAL, device), now_ms, until_ms, who, reason, now_ms))
    tell(
        f"terminal:{device}",
        Text(f"停用 {row['name']} {hours} 小时：{reason}", f"{row['name']} out of service for {hours} h: {reason}"),
    )
    return _then(sources, device, "lock")


def _back(sources: Sources, device: str) -> Reply:
    row, now_ms = _mine(sources, device), int(time.time() * 1000)
    with sources.watch() as store, store.db.writing():
        found = work_on(store, device, now_ms)
        if found is None:
            abort(404)
        planned.end(store.db, found.number, persons.ensured(store.db, g.signed.name).name, now_ms)
    tell(f"terminal:{device}", Text(f"恢复使用 {row['name']}", f"{row['name']} back in service"))
    return _then(sources, device, "unlock")


def _then(sources: Sources, device: str, verb: str) -> Reply:
    """To the order's own confirmation where it was ticked, else back to the device."""
    if not request.form.get(verb):
        return redirect(url_for("device", device=device))
    now_ms = int(time.time() * 1000)
    number = kept_in(sources).freeze(g.signed.name, verb, [bytes.fromhex(device)], "ticked", now_ms)
    return redirect(url_for("order", number=number))


def _move(sources: Sources, device: str) -> Reply:
    """The first person's word; the second one's is given where proposals are."""
    row, reason, box = _mine(sources, device), _reason(), request.form.get("box", "")
    with sources.books() as opened:
        made = HeldLedger(opened).propose_move(
            DeviceId(bytes.fromhex(device)), BoxId(box), g.signed.name, reason, campus_now(sources)
        )
    tell(
        f"terminal:{device}",
        Text(
            f"提议 {made.number}：{row['name']} 换到 {box}：{reason}",
            f"proposal {made.number}: {row['name']} to box {box}: {reason}",
        ),
    )
    return redirect(url_for("device", device=device))


def _mine(sources: Sources, device: str) -> Row:
    """404: there is none, or not for him to order about."""
    row = next((one for one in seen_rows(sources, int(time.time() * 1000)) if one["device"] == device), None)
    return row if row is not None and may_command(row) else abort(404)


def _reason() -> str:
    return require_reason(" ".join(request.form.get("reason", "").split()))


PAGES = (
    Page("out_of_service", "/devices/<device>/out", Right.COMMAND, _out, writes=True),
    Page("back_in_service", "/devices/<device>/back", Right.COMMAND, _back, writes=True),
    Page("move_device", "/devices/<device>/move", Right.COMMAND, _move, writes=True),
)
