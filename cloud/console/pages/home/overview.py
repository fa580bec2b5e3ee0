"""The ledger's read side as the overview shows it: words and marks chosen, no sum made here that the ledger makes.

State marks: ok, warn, bad, off. A box that was not heard for 15 s takes its terminals with it into "unknown" (IX1), and
what it may hold by now is not shown as a number. A terminal says a heartbeat every 5 s (edge/terminal/firmware).
"""

from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple
from zlib import crc32

from cloud.console.frame.halves import joined_records
from cloud.console.pages.home.today import Today
from cloud.ledger.findings.rows import DifferenceSums
from cloud.ledger.fleet.views import BoxView, FactView, TerminalView, newest_of
from cloud.ledger.loads.state import Next
from cloud.ledger.read.loads import LoadStanding
from cloud.ledger.read.put_backs import PutBackView
from cloud.ledger.read.reader import Reader
from cloud.ledger.read.thefts import StandingTheft
from cloud.ledger.read.views import EntryView, LedgerSums, RecordView
from cloud.ledger.records.values import Now
from cloud.words.both import both
from cloud.words.put_backs import one_line
from cloud.words.rides import ride_words
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text
from shared.facts.books import VoidByOperator
from shared.facts.catalogue import words
from shared.facts.desks import Granted
from shared.facts.told import Level
from shared.money import yuan
from shared.wire.messages import Revocations, TerminalState, revocations_mark
from shared.words.spans import span

SILENT_MS = 15_000
QUIET_MS = 10_000
"""A terminal of a live box that was not heard for so long is unknown."""
DEAD_MS = 30_000
"""And then taken for dead."""
RECORDS = 15
FACTS = 8
COVERED = "••"
OF_A_PERSON = frozenset({Granted.code})
"""Facts that name whom aid was given to: for whoever gives it, on pages of its own."""
THEFTS = 8
OPEN_LOADS = 20
"""Open loads that are listed, the oldest; those counted are at most OPEN_LOADS_MAX."""
OPEN_LOADS_MAX = 1000
RATE_WINDOW_MS = 10_000
MANY, MANY_MS = 500, 2_000
"""So many terminals are looked at anew no sooner than after so long."""
_LEVELS = {Level.URGENT: "bad", Level.IMPORTANT: "bad", Level.GENERAL: "warn", Level.NOTICE: "off"}
_VERDICTS = {
    "POSTED": ("ok", "posted"),
    "HELD": ("warn", "held"),
    "SUSPENSE": ("warn", "suspense"),
    "QUARANTINED": ("bad", "quarantined"),
    "NO_ENTRY": ("off", "no_entry"),
}
_STATES = {
    "joined": ("ok", "joined"),
    "no-epoch": ("warn", "waiting"),
    "parted": ("bad", "parted"),
    "never": ("off", "never"),
    "revoked": ("bad", "revoked"),
}
_ON_THE_LINE = ("joined", "no-epoch")


class Overview:
    """Makes snapshots. Belongs to one thread at a time; remembers only what it needs for the rate."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._today = Today(reader)
        self._posted: deque[tuple[int, int]] = deque(maxlen=64)
        self._terminals: list[dict[str, Any]] = []
        self._marks: dict[str, Any] = {}
        self._read_ms = 0

    def read(self, now_ms: int) -> dict[str, Any]:
        """One snapshot as the templates and /api/v1/overview have it. now_ms: Unix milliseconds."""
        sums = self._reader.overview()
        boxes = self._reader.boxes()
        self._look_at_terminals(boxes, now_ms)
        oldest_s = max(0, now_ms - sums.oldest_ms) // 1000 if sums.oldest_ms else 0
        unknown = sum(not _is_heard(box, now_ms) for box in boxes)
        loads = self._reader.load_standings(Now(now_ms, WALL.at(now_ms / 1000)), OPEN_LOADS_MAX, open_only=True)
        return {
            "demo": sums.demo,
            "drill": sums.demo,  # its name of before: programs may read it
            "campus": sums.campus,
            "figures": {
                "rate": self._rate(sums.posted, now_ms),
                "posted": sums.posted,
                "spent_fen": sums.spent_fen,
                "loads_fen": sums.loads_fen,
                "unposted": max(sums.unsettled, sums.owed),
                "boxes_unknown": unknown,
                "oldest_s": oldest_s,
                "suspense": sums.suspense,
                "quarantined": sums.quarantined,
                "held": sums.held,
                "float_fen": sums.float_fen,
                "subsidy_fen": sums.subsidy_fen,
                "pending_fen": sums.pending_fen,
                "pending_subsidy_fen": sums.pending_subsidy_fen,
            },
            "ledger": _ledger(
                sums,
                self._reader.standing_differences(),
                unknown,
                self._reader.put_back(),
                self._reader.loss_sums().fen,
            ),
            "closing": self._reader.closing_counts()._asdict(),
            "thefts": _thefts(*self._reader.standing_thefts(), boxes),
            "boxes": box_rows(boxes, now_ms),
            "plain": [_plain(box) for box in boxes if box.state is not None and box.state.plain],
            "terminals": self._terminals,
            "today": self._today.read(now_ms),
            "moved": self._moved(boxes, now_ms),
            "open_loads": {
                "count": len(loads),
                "fen": sum(load.amount_fen for load in loads if load.state.is_open),
                "rows": [_load(load) for load in loads[:OPEN_LOADS]],
            },
            "records": [_record(view) for view in joined_records(self._reader, self._reader.last_records(RECORDS))],
            "facts": [fact_row(view) for view in self._reader.facts(FACTS) if view.code not in OF_A_PERSON],
        }

    def _look_at_terminals(self, boxes: list[BoxView], now_ms: int) -> None:
        """Of a large campus no more often than every MANY_MS: it is the dearest part."""
        if len(self._terminals) >= MANY and 0 <= now_ms - self._read_ms < MANY_MS:
            return
        live = _live_states(boxes, now_ms)
        self._terminals = [_terminal(view, live) for view in _newest(self._reader.terminals())]
        self._marks["terminals"] = crc32(repr(self._terminals).encode())
        self._read_ms = now_ms

    def _moved(self, boxes: list[BoxView], now_ms: int) -> dict[str, Any]:
        """A mark of each subject."""
        books, jobs = self._reader.marks()
        heard = [(one.box, _is_heard(one, now_ms), one.state and one.state.unsettled) for one in boxes]
        return {"books": books, "jobs": jobs, "boxes": [*heard, self._marks["terminals"]]}

    def _rate(self, posted: int, now_ms: int) -> float:
        self._posted.append((now_ms, posted))
        while len(self._posted) > 2 and now_ms - self._posted[0][0] > RATE_WINDOW_MS:
            self._posted.popleft()
        then_ms, before = self._posted[0]
        return round((posted - before) * 1000 / (now_ms - then_ms), 1) if now_ms > then_ms else 0.0


def entry_json(entry: EntryView) -> dict[str, Any]:
    """An entry with its postings and where it came from."""
    record = entry.record
    return {
        "entry": entry.entry,
        "kind": entry.kind,
        "booked_at_ms": entry.booked_at_ms,
        "who": entry.who,
        "postings": [{"debit": d, "credit": c, "fen": fen} for d, c, fen in entry.postings],
        "record": None
        if record is None
        else {
            "terminal": record.terminal,
            "epoch": record.epoch,
            "seq": record.seq,
            "counter": record.counter,
            "amount_fen": record.amount_fen,
            "ride": both(ride_words(record.trip)),
            "verdict": record.verdict,
        },
    }


def _ledger(sums: LedgerSums, apart: DifferenceSums, unknown: int, back: PutBackView, loss_fen: int) -> dict[str, Any]:
    """Are the books in balance, and do the cards agree with them as far as heard? said: a key of the words."""
    said = "ledger_true"
    if sums.difference_fen or apart.unexplained:
        said = "ledger_false" if sums.difference_fen else "ledger_differs"
    elif back.waits:
        said = "ledger_put_back"
    elif unknown or loss_fen or apart.explained:
        said = "ledger_unheard" if unknown else "ledger_lost" if loss_fen else "ledger_explained"
    marks = {"ledger_true": "ok"} | dict.fromkeys(("ledger_unheard", "ledger_lost", "ledger_explained"), "warn")
    return {
        "ok": not (sums.difference_fen or apart.unexplained or back.waits),
        "mark": marks.get(said, "bad"),
        "said": said,
        "difference_fen": sums.difference_fen,
        "unexplained": apart.unexplained,
        "explained": apart.explained,
        "checked": sums.entries,
        "loss_fen": loss_fen,
        "put_back": both(one_line(back) if back.found else None),
    }


def _thefts(wanted: Revocations, stolen: list[StandingTheft], boxes: list[BoxView]) -> dict[str, Any]:
    """What is stolen, and which boxes do not say yet that they hold the list of it."""
    held = {box.box: box.state.revocations if box.state else (0, 0) for box in boxes}
    newest = revocations_mark(wanted)
    waiting = [{"box": b.box, "name": b.name, "version": held[b.box][0]} for b in boxes if held[b.box] != newest]
    return {
        "version": wanted.version,
        "boxes": len(boxes),
        "waiting": waiting,
        "rows": [
            {
                "psam": one.psam.hex(), "with_body": one.with_body, "since": time_text(one.since_s), "who": one.who,
                "terminal": one.terminal, "place": one.place,
            }
            for one in stolen[:THEFTS]
        ],
        "count": len(stolen),
    }  # fmt: skip


def _is_heard(view: BoxView, now_ms: int) -> bool:
    """Does this box speak now?"""
    return view.state is not None and view.state.online and now_ms - view.heard_ms < SILENT_MS


class _Live(NamedTuple):
    """What a live box says of a terminal, and for how long it has not heard it by now."""

    said: TerminalState
    quiet_ms: int


def _live_states(boxes: list[BoxView], now_ms: int) -> dict[bytes, _Live]:
    """By device; those of a silent box are not there. Each difference is of one clock: the box's own, or ours."""
    return {
        said.device: _Live(said, max(0, box.state.at_ms - said.heard_ms) + max(0, now_ms - box.heard_ms))
        for box in boxes if box.state is not None and _is_heard(box, now_ms)
        for said in box.state.terminals
    }  # fmt: skip


def _newest(views: list[TerminalView]) -> list[TerminalView]:
    """One row a body: its newest epoch."""
    return sorted(newest_of(views).values(), key=lambda view: view.name)


def _plain(view: BoxView) -> dict[str, Any]:
    """A box that takes terminals without TLS, as it told last: it stays told while the box is away."""
    return {"box": view.box, "name": view.name, "links": list(view.state.plain) if view.state else []}


def terminal_rows(reader: Reader, now_ms: int) -> list[dict[str, Any]]:
    """Every terminal with its state, by name. now_ms: Unix milliseconds."""
    live = _live_states(reader.boxes(), now_ms)
    return [_terminal(view, live) for view in _newest(reader.terminals())]


def box_rows(boxes: list[BoxView], now_ms: int) -> list[dict[str, Any]]:
    """Every box as the overview has it. now_ms: Unix milliseconds."""
    return [_box(box, now_ms) for box in boxes]


def _box(view: BoxView, now_ms: int) -> dict[str, Any]:
    """None: not known, or not any more."""
    state, heard = view.state, _is_heard(view, now_ms)
    known = "unknown" if state is None else "ok" if heard else "offline"
    return {
        "box": view.box,
        "name": view.name,
        "mark": {"unknown": "off", "offline": "bad", "ok": "ok"}[known],
        "state": known,
        "unsettled": state.unsettled if state and heard else None,
        "cap": state.cap if state else None,
        "accepted": state.accepted if state and heard else None,
        "faults": state.faults if state and heard else None,
        "heard_s": max(0, now_ms - view.heard_ms) // 1000 if view.heard_ms else None,
    }


def _terminal(view: TerminalView, live: Mapping[bytes, _Live]) -> dict[str, Any]:
    """A body of which neither its box nor a STATUS has told yet has no numbers: None."""
    known = live.get(view.device)
    told = view.heard_ms > 0
    said = known.said if known else None
    mark, state = _heard_as(known) if known else ("off", "unknown")
    return {
        "name": view.name,
        "device": view.device.hex(),
        "box": view.box,
        "place": view.place,
        "merchant": view.merchant,
        "link": f"{said.link}/{said.address}".rstrip("/") if said else "",
        "mark": "warn" if mark == "ok" and view.owes else mark,
        "state": state,
        "last_seq": said.last_seq if said else view.last if told else None,
        "settled": said.settled if said else view.settled if told else None,
        "owes": view.owes if said or told else None,
        "open_slots": said.open_slots if said else view.open_slots if told else None,
    }


def _heard_as(live: _Live) -> tuple[str, str]:
    """Mark and state; a joined terminal without heartbeats is unknown, and then red."""
    if live.said.state in _ON_THE_LINE and live.quiet_ms >= QUIET_MS:
        return ("bad", "silent") if live.quiet_ms >= DEAD_MS else ("off", "unknown")
    return _STATES.get(live.said.state, ("off", "waiting"))


def _record(view: RecordView) -> dict[str, Any]:
    mark, verdict = _VERDICTS.get(view.verdict.upper(), ("off", "no_entry"))
    return {
        "time": _clock(view.time) if view.time else "",
        "terminal": view.terminal,
        "card": view.label or view.card.hex(),
        "kind": view.kind.lower() if view.kind else "other",
        "ride": both(ride_words(view.trip)),
        "amount_fen": view.amount_fen,
        "mark": mark,
        "verdict": verdict,
    }


def _load(one: LoadStanding) -> dict[str, Any]:
    """An open load; texts are pairs, Chinese first."""
    state = one.state
    return {
        "terminal": one.terminal,
        "place": one.place,
        "card": one.label,
        "amount_fen": one.amount_fen,
        "age": list(span(state.age_s)),
        "mark": "ok" if state.next is Next.RECORD else "bad" if state.next is Next.DESK else "warn",
        "said": both(state.said),
        "evidence": [both(words) for words in state.evidence],
        "will": both(state.will),
    }


def fact_row(view: FactView) -> dict[str, Any]:
    """A fact; `said` is a pair, Chinese first."""
    return {
        "mark": _LEVELS.get(Level(view.level), "warn") if view.level in list(Level) else "warn",
        "time": _clock(WALL.at(view.at_ms / 1000)),
        "code": view.code,
        "said": _said(view),
    }


def _said(view: FactView) -> list[str]:
    """A void's sum is covered: of half a mixed payment it would tell how much was aid. Its record has the total."""
    said = list(words(view.code, view.told))
    fen = dict(view.told).get("fen") if view.code == VoidByOperator.code and not isinstance(view.told, str) else None
    return said if fen is None else [text.replace(yuan(int(fen)), COVERED) for text in said]


def _clock(campus_s: int) -> str:
    minutes, seconds = divmod(campus_s % 86_400, 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"
