"""What waits 待办, oldest first, each with its age and why: held 待核, suspense 挂账, quarantine 隔离, voids 撤销,
reversals 冲正, differences 卡库差异, half-done loads 圈存, and what cashiers hold 现金."""

from collections.abc import Sequence
from typing import NamedTuple

from flask import abort, render_template, request

from cloud.console.access.rights import Right
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.table import Column, asked, fitting, listed, ordered
from cloud.console.pages.money.shown import (
    View,
    age,
    before,
    card_label,
    moment,
    now,
    reason_of,
    taken_home,
    yuan_of,
)  # fmt: skip
from cloud.ledger.findings.rows import Difference, Kind
from cloud.ledger.held.releases import ENTRIES_MAX
from cloud.ledger.loads.state import Next
from cloud.ledger.read.loads import LoadStanding
from cloud.ledger.read.pages import AccountLine
from cloud.ledger.read.views import RecordView
from cloud.words.differences import state_of
from cloud.words.open_cases import WHY
from shared.clocks.clock import day_text, time_text
from shared.words.spans import span
from shared.words.voice import Text

LEAF = 100
REVERSALS_SHOWN = 100
"""The oldest."""
CASES_MAX = 1000
"""Of one queue, the oldest: more are shown when these are done."""


class Case(NamedTuple):
    """A record that waits. said: why, and what ends it."""

    record: RecordView
    card: str
    opened_ms: int
    age: Text
    said: Text


class Differs(NamedTuple):
    """A difference: what the card says, what the books say, why we think so, and what would clear it."""

    one: Difference
    card: str
    state: str
    mark: str
    why: Text
    clears: Text
    age: Text
    place: tuple[str, int, int] | None


class Load(NamedTuple):
    """A load case as it is shown."""

    one: LoadStanding
    card: str
    age: Text
    mark: str


CASES: tuple[Column[Case], ...] = (
    Column("terminal", lambda row: row.record.terminal),
    Column("seq", lambda row: row.record.seq, numeric=True),
    Column("card", lambda row: row.card),
    Column("amount", lambda row: yuan_of(row.record.amount_fen), numeric=True),
    Column("waits_since", lambda row: moment(row.opened_ms)),
    Column("why", lambda row: str(row.said)),
)
DIFFERS: tuple[Column[Differs], ...] = (
    Column("number", lambda row: row.one.number, numeric=True),
    Column("card", lambda row: row.card),
    Column("card_says", lambda row: yuan_of(row.one.found.read_fen), numeric=True),
    Column("ledger_says", lambda row: yuan_of(row.one.found.expected_fen), numeric=True),
    Column("state", lambda row: row.state),
    Column("why", lambda row: str(row.why)),
    Column("found_at", lambda row: moment(row.one.found_ms)),
)
LOADS: tuple[Column[Load], ...] = (
    Column("terminal", lambda row: row.one.terminal),
    Column("place", lambda row: row.one.place),
    Column("card", lambda row: row.card),
    Column("amount", lambda row: yuan_of(row.one.amount_fen), numeric=True),
    Column("state", lambda row: str(row.one.state.said)),
    Column("waits_since", lambda row: moment(row.one.opened_ms)),
    Column("will", lambda row: str(row.one.state.will)),
)
_GREY = Text("卡的下一笔交易以计数和余额判定", "the counter and balance of the card's next transaction decide")
_WHY = {
    Kind.NEGATIVE: Text(
        "卡上花掉了账本没有给过的钱：缺一笔圈存，或有假",
        "money that the books never gave: a load is missing, or forged",
    ),
    Kind.CHAIN: Text(
        "余额接不上前一笔：缺记录，或卡被改动",
        "a balance that does not follow: a record is missing, or the card was changed",
    ),
    Kind.LOST: Text("挂失之后仍有消费，学校承担", "spent since it was reported lost: the school bears it"),
}
_CLEARS = {
    Kind.NEGATIVE: Text("所缺的圈存记录到达即自动消除", "clears itself when the load's record comes"),
    Kind.CHAIN: Text("所缺的记录到达即自动消除", "clears itself when the record comes that is missing"),
    Kind.LOST: Text("消费被退回即自动消除", "clears itself when the purchase is given back"),
}
_STATE_MARKS = {"unexplained": "bad", "explained": "warn", "cleared": "ok"}


def _held(sources: Sources) -> Reply:
    at, after = now(), before("after")
    leaf = sources.reader.held_leaf(after, LEAF, at.unix_ms)
    rows = [
        (one, card_label(one.label, one.card), reason_of(one.reason.word),
         Text(*span(max(0, at.campus_s - one.time_s))) if one.time_s else None)
        for one in leaf.rows
    ]  # fmt: skip
    return render_template(
        "money/held.html", rows=rows, newer=leaf.newer, is_first=not after, at=moment(at.unix_ms), time_text=time_text,
        fen=sum(one.fen for one in leaf.rows), most=ENTRIES_MAX,
    )  # fmt: skip


def _cases(sources: Sources, name: str) -> list[Case]:
    at_ms, reader = now().unix_ms, sources.reader
    if name == "suspense":
        found = [(one.record, one.opened_ms, _GREY) for one in reader.suspense(CASES_MAX)]
    elif name == "quarantine":
        found = [(one.record, one.opened_ms, reason_of(one.why)) for one in reader.quarantine(CASES_MAX)]
    else:
        found = [(one.record, one.opened_ms, WHY.get(one.why, reason_of(one.why))) for one in reader.voids(CASES_MAX)]
    return [
        Case(record, card_label(record.label, record.card), opened, age(opened, at_ms), said)
        for record, opened, said in found
    ]  # fmt: skip


def _queue(name: str, title: str, note: str) -> View:
    def view(sources: Sources) -> Reply:
        rows = _cases(sources, name)
        return render_template(
            "money/queue.html", list=listed(rows, CASES, asked(request.args)), title=title, note=note, name=name,
            moment=moment, at=moment(now().unix_ms), is_full=len(rows) == CASES_MAX,
        )  # fmt: skip

    return view


def _queue_file(sources: Sources, name: str, form: str) -> Reply:
    if name not in ("suspense", "quarantine", "voids"):
        abort(404)
    wanted = asked(request.args)
    rows = ordered(fitting(_cases(sources, name), CASES, wanted.find), CASES, wanted)
    return taken_home(form, name, CASES, rows)


def _reversals(sources: Sources) -> Reply:
    found = sources.reader.reversals()
    rows = [(one, card_label(one.label, one.card)) for one in found[:REVERSALS_SHOWN]]
    return render_template(
        "money/reversals.html", rows=rows, more=len(found) - len(rows), at=moment(now().unix_ms)
    )  # fmt: skip


def _differences(sources: Sources) -> Reply:
    wanted = asked(request.args, ("state",))
    rows = _differs(sources)
    kept = [row for row in rows if all(getattr(row, name) == value for name, value in wanted.kept)]
    return render_template(
        "money/differences.html", list=listed(kept, DIFFERS, wanted), at=moment(now().unix_ms),
        moment=moment, waiting=sum(row.state == "unexplained" for row in rows), every=len(rows),
    )  # fmt: skip


def _differences_file(sources: Sources, form: str) -> Reply:
    wanted = asked(request.args)
    rows = ordered(fitting(_differs(sources), DIFFERS, wanted.find), DIFFERS, wanted)
    return taken_home(form, "differences", DIFFERS, rows)


def _differs(sources: Sources) -> list[Differs]:
    """What nobody has explained stands first, the oldest of it first."""
    at_ms, found = now().unix_ms, sources.reader.differences()
    places = sources.reader.places([one.found.record for one in found if one.found.record is not None])
    rows = [_differing(one, places.get(one.found.record or 0), at_ms) for one in found]
    return sorted(rows, key=lambda row: row.state != "unexplained")


def _differing(one: Difference, place: tuple[str, int, int] | None, at_ms: int) -> Differs:
    state, kind = state_of(one), one.found.kind
    return Differs(
        one, card_label(one.label, one.found.card), state, _STATE_MARKS[state], _WHY[kind], _CLEARS[kind],
        age(one.found_ms, at_ms), place,
    )  # fmt: skip


def _loads(sources: Sources) -> Reply:
    wanted = asked(request.args)
    rows, is_full = _half_done(sources)
    return render_template(
        "money/loads.html", list=listed(rows, LOADS, wanted), at=moment(now().unix_ms), is_full=is_full,
        fen=sum(row.one.amount_fen for row in rows if row.one.state.is_open), most=CASES_MAX,
    )  # fmt: skip


def _loads_file(sources: Sources, form: str) -> Reply:
    wanted = asked(request.args)
    rows = ordered(fitting(_half_done(sources)[0], LOADS, wanted.find), LOADS, wanted)
    return taken_home(form, "loads", LOADS, rows)


def _half_done(sources: Sources) -> tuple[list[Load], bool]:
    found = sources.reader.load_standings(now(), CASES_MAX, open_only=True)
    marks = {Next.RECORD: "ok", Next.DESK: "bad"}
    rows = [
        Load(one, card_label(one.label, one.card), Text(*span(one.state.age_s)), marks.get(one.state.next, "warn"))
        for one in found
    ]
    return rows, len(found) == CASES_MAX


def _desks(sources: Sources) -> Reply:
    """Drawers, and who has receipts that no close has yet: so far the ledger has the close of a day."""
    drawers: Sequence[AccountLine] = sources.reader.accounts_like("cash:", CASES_MAX)
    since = {who: day_text(day) for who, day in sources.reader.open_drawers().items()}
    rows = [(one, one.code.partition(":")[2], since.get(one.code.partition(":")[2], "")) for one in drawers]
    return render_template("money/desks.html", rows=rows, sums=sources.reader.desk_sums(), at=moment(now().unix_ms))


def _books(name: str, rule: str, view: View, menu: Menu | None = None) -> Page:
    return Page(name, rule, Right.SEE_BOOKS, view, menu, whole=True)


PAGES = (
    _books("ledger_differences", "/ledger/differences", _differences, Menu.MONEY),
    _books("differences_file", "/ledger/differences.<form>", _differences_file),
    _books("held", "/held", _held, Menu.MONEY),
    _books("quarantine", "/quarantine", _queue("quarantine", "quarantine", "quarantine_note"), Menu.MONEY),
    _books("suspense", "/suspense", _queue("suspense", "suspense", "suspense_note")),
    _books("held_voids", "/voids", _queue("voids", "held_voids", "voids_note")),
    _books("held_reversals", "/reversals", _reversals),
    _books("queue_file", "/queues/<name>.<form>", _queue_file),
    _books("load_cases", "/loads", _loads, Menu.MONEY),
    _books("loads_file", "/loads.<form>", _loads_file),
    _books("desk_cash", "/ledger/desks", _desks, Menu.MONEY),
)
