"""One device 设备详情: who it is, how it is and since when, what it owes, what it should have beside what it says."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from flask import abort, g, render_template

from cloud.console.access.audit import Question
from cloud.console.access.rights import Right
from cloud.console.frame.halves import joined_records
from cloud.console.frame.page import Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.pages.devices.arrival import is_underway, steps
from cloud.console.pages.devices.commands import campus_now
from cloud.console.pages.devices.deeds import REASON_MAX, VERBS
from cloud.console.pages.devices.devices import Row, may_command, seen_rows
from cloud.console.pages.devices.service import (
    HOURS_MAX,
    events_of,
    hidden_of,
    moves_of,
    offset_of,
    swaps_of,
    work_on,
)
from cloud.console.pages.devices.strip import Run, from_ms, is_known, strip
from cloud.console.pages.home.overview import box_rows
from cloud.console.pages.places.kept import Plan, plans_of
from cloud.console.pages.places.plans import sees
from cloud.ledger.fleet.documents.standing import DocumentState, TerminalRow
from cloud.ledger.fleet.firmware.releases import model_text
from cloud.ledger.fleet.firmware.views import FirmwareView
from cloud.ledger.fleet.jobs.state import RowState
from cloud.ledger.fleet.views import TerminalView, newest_of
from cloud.ledger.read.views import RecordView
from cloud.ledger.records.values import Now
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.states import STATES as ALARM_STATES
from cloud.watch.alarms.terms import GRADES, Kind, Source
from cloud.watch.kept.planned import Work
from cloud.watch.metrics.rings import minutes
from cloud.watch.samples import samples_of
from cloud.watch.turn import BEAT
from cloud.words.both import both
from cloud.words.fleet.documents import STATES as DOCUMENT_STATES
from cloud.words.fleet.documents import document_name
from cloud.words.fleet.jobs import answer_text, ordered_with
from cloud.words.rides import ride_words
from shared.clocks.clock import time_text
from shared.errors import YktError
from shared.words.spans import span

RECORDS = 15
ORDERS = 10
DEEDS = 10
RANGES_MAX = 20
_RULES = {rule.name: rule for rule in RULES}
_VERDICTS = {"POSTED": "ok", "HELD": "warn", "SUSPENSE": "warn", "QUARANTINED": "bad"}


class Watched(NamedTuple):
    """What the watch knows of it; runs empty and alarms None: the watch's file cannot be read."""

    runs: list[Run]
    alarms: list[dict[str, Any]] | None
    work: Work | None = None


def _device(sources: Sources, device: str) -> Reply:
    now = campus_now(sources)
    row = next((one for one in seen_rows(sources, now.unix_ms) if one["device"] == device), None)
    body = sources.reader.body_of(bytes.fromhex(device)) if row else None
    if row is None or body is None:
        abort(404)
    number, clock = bytes.fromhex(device), sources.clock()
    view = newest_of(one for one in sources.reader.terminals() if one.device == number)[number]
    watched = _watched(sources, Source(Kind.TERMINAL, device), now)
    records = joined_records(sources.reader, sources.reader.last_records_of(number, RECORDS))
    takings = _sees(Right.SEE_TAKINGS, row)
    plans = _plans(sources, device, now)
    documents = sources.reader.fleet.documents_of(number)
    arrival = steps(
        row, body, documents, is_on_plan=bool(plans), has_sold=bool(records),
        is_box_heard=any(one["box"] == row["box"] and one["state"] == "ok" for one in _boxes(sources, now)),
    )  # fmt: skip
    return render_template(
        "devices/device.html", arrival=arrival if is_underway(arrival) else [], row=row, body=body, view=view,
        psams=[one.hex() for one in body.psams],
        heard=_age(max(view.heard_ms, body.status_ms or 0), now), owed=_ranges(view), watched=watched,
        strip_known=is_known(watched.runs), documents=_documents(documents, now),
        firmware=_firmware(sources, number),
        orders=_orders(sources, number, now), records=_records(records, row), verbs=VERBS.values(),
        offset=offset_of(records), hidden=hidden_of(row, body, records), takings=takings,
        events=events_of(sources, row), swaps=swaps_of(sources, number, now), number=number,
        moves=moves_of(sources, number, now), boxes=sources.reader.boxes(), hours_max=HOURS_MAX, reason_max=REASON_MAX,
        plans=plans,
        may_act=may_command(row), deeds=_deeds(sources, device), as_of=time_text(now.campus_s),
        moment=lambda ms: time_text(int(clock.at(ms / 1000))),
    )  # fmt: skip


def _ranges(view: TerminalView) -> tuple[list[str], int]:
    """The first few, and how many more."""
    said = [str(low) if low == high else f"{low}–{high}" for low, high in view.owed]
    return said[:RANGES_MAX], max(0, len(said) - RANGES_MAX)


def _age(at_ms: int, now: Now) -> list[str] | None:
    return list(span(max(0, now.unix_ms - at_ms) // 1000)) if at_ms else None


def _watched(sources: Sources, source: Source, now: Now) -> Watched:
    """The rest of the page does not need the watch."""
    try:
        with sources.watch() as store, store.db.reading():
            found = samples_of(store.db, "terminal-silent", source, from_ms(now.unix_ms))
            looks = minutes(store.db, "watch-turns", from_ms(now.unix_ms))
            runs = strip(found, now.unix_ms, store.mark(BEAT), looks)
            alarms = [_alarm(one, now) for one in store.listed() if one.key.source == source]
            return Watched(runs, alarms, work_on(store, source.name, now.unix_ms))
    except YktError:
        return Watched([], None)


def _alarm(one: Any, now: Now) -> dict[str, Any]:  # noqa: ANN401 - the watch's Listed
    rule = _RULES.get(one.key.rule)
    return {
        "rule": one.key.rule, "title": both(rule.advice.title) if rule else [one.key.rule] * 2,
        "state": ALARM_STATES[one.alarm.state], "grade": GRADES[one.alarm.grade],
        "mark": "bad" if one.alarm.is_active else "off", "since": _age(one.alarm.since_ms, now),
    }  # fmt: skip


def _documents(rows: Sequence[TerminalRow], now: Now) -> list[dict[str, Any]]:
    return [_document(one, now) for one in rows if one.standing is not DocumentState.UNUSED]


def _document(one: TerminalRow, now: Now) -> dict[str, Any]:
    marks = {DocumentState.IN_USE: "ok", DocumentState.UNKNOWN: "off"}
    return {
        "name": document_name(*one.which), "wanted": one.wanted or None,
        "reported": one.known.said.generation if one.known else None, "said": DOCUMENT_STATES[one.standing],
        "mark": "bad" if one.standing.is_red else marks.get(one.standing, "warn"),
        "behind": _age(one.behind_ms, now), "heard": _age(one.known.at_ms, now) if one.known else None,
    }  # fmt: skip


def _firmware(sources: Sources, device: bytes) -> dict[str, Any]:
    """The newest release that is here for its model, beside what it says that it runs."""
    view: FirmwareView = sources.reader.fleet.firmware()
    model = view.models.get(device)
    releases = [one.release for one in view.releases if one.model == model]
    return {
        "model": model_text(model) if model is not None else None, "newest": max(releases, default=None),
        "running": view.running.get(device),
    }  # fmt: skip


def _orders(sources: Sources, device: bytes, now: Now) -> list[dict[str, Any]]:
    clock = sources.clock()
    return [
        {
            "job": job, "order": ordered_with(job), "said": answer_text(row),
            "made": time_text(int(clock.at(job.made_ms / 1000))),
            "mark": "ok" if row.state is RowState.OK else "bad" if row.state.is_failure else "warn",
        }
        for job, row in sources.reader.fleet.orders_of(device, now, ORDERS)
    ]  # fmt: skip


def _records(found: list[RecordView], row: Row) -> list[dict[str, Any]]:
    """Sums are for whoever sees takings here; cards for whoever sees cards."""
    takings, cards = _sees(Right.SEE_TAKINGS, row), _sees(Right.SEE_CARDS, row)
    return [_record(one, takings=takings, cards=cards) for one in found]


def _boxes(sources: Sources, now: Now) -> list[dict[str, Any]]:
    return box_rows(sources.reader.boxes(), now.unix_ms)


def _plans(sources: Sources, device: str, now: Now) -> list[Plan]:
    """On which it stands, or the body did in whose place it is."""
    before = [one.row.broken.hex() for one in sources.reader.fleet.swaps(now.unix_ms) if one.row.spare.hex() == device]
    kept = plans_of(sources)
    return [plan for one in (device, *before) for plan in kept.standing(one) if sees(g.signed, plan)]


def _sees(right: Right, row: Row) -> bool:
    may: bool = g.signed.sees(right, box=row["box"], merchant=row["merchant"])
    return may


def _record(one: RecordView, *, takings: bool, cards: bool) -> dict[str, Any]:
    return {
        "epoch": one.epoch, "seq": one.seq, "time": time_text(one.time) if one.time else None,
        "kind": one.kind.lower() if one.kind else "other", "ride": both(ride_words(one.trip)),
        "fen": one.amount_fen if takings else None, "card": (one.label or one.card.hex()) if cards else "",
        "mark": _VERDICTS.get(one.verdict.upper(), "off"), "verdict": one.verdict.lower(),
    }  # fmt: skip


def _deeds(sources: Sources, device: str) -> list[Any] | None:
    """What was done to it from here; None: he may not see the audit list."""
    if not g.signed.may(Right.SEE_AUDIT):
        return None
    return sources.audit.rows(Question(object=f"terminal:{device}"), DEEDS)


PAGES = (Page("device", "/devices/<device>", Right.SEE_CAMPUS, _device),)
