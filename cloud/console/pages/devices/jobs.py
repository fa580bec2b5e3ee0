"""Jobs 任务: a row for each terminal, which says what was heard and from whom. Done is the terminal's word alone."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from flask import abort, g, redirect, render_template, request, url_for

from cloud.console.access.rights import Right
from cloud.console.frame.export import csv_answer
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.table import Asked, Column, asked, fitting, listed, ordered
from cloud.console.frame.told import tell
from cloud.console.pages.devices.commands import campus_now, closes, kept_in, require_command
from cloud.console.pages.devices.deeds import EXPIRES_S, REASON_MAX, DeedRefused, require_reason
from cloud.console.pages.devices.devices import Row, may_command, seen_rows
from cloud.console.words.catalogue import words
from cloud.fleet.ordering import Orders
from cloud.ledger.fleet.jobs.door import SAY_AT_LENGTH, JobLedger
from cloud.ledger.fleet.jobs.pieces import Paper
from cloud.ledger.fleet.jobs.state import RETRIED, JobRow, RowState
from cloud.ledger.fleet.jobs.views import JobView
from cloud.words.fleet.jobs import STATES, answer_text, ordered_with
from shared.clocks.campus_clock import CampusClock
from shared.clocks.clock import time_text
from shared.fleet.order import decode_order
from shared.words.voice import Language, Text


class Line(NamedTuple):
    """A job as the list has it. left: nobody has said the end of these yet."""

    view: JobView
    said: Text
    made: str

    @property
    def done(self) -> int:
        """By the terminals' own word."""
        return self.view.counts.get(RowState.OK, 0)

    @property
    def left(self) -> int:
        """Not over."""
        return sum(count for one, count in self.view.counts.items() if not one.is_over)

    @property
    def mark(self) -> str:
        """Of the whole."""
        return "warn" if self.left else "bad" if self.view.failed else "ok"


class Answer(NamedTuple):
    """A terminal's row of a job. told: in the language of whoever asks."""

    row: JobRow
    name: str
    place: str
    box: str
    told: str
    at: str
    paper: Paper | None

    @property
    def mark(self) -> str:
        """Failed, silence too; done; open."""
        state = self.row.state
        if state is RowState.OK:
            return "ok"
        return "bad" if state.is_failure or state is RowState.STOPPED else "warn" if not state.is_over else "off"


JOBS: tuple[Column[Line], ...] = (
    Column("job", lambda line: line.view.job.number, numeric=True),
    Column("order", lambda line: _in_language(line.said)),
    Column("who", lambda line: line.view.job.who),
    Column("reason", lambda line: line.view.job.reason),
    Column("made_at", lambda line: line.made),
    Column("in_all", lambda line: line.view.total, numeric=True),
    Column("done_rows", lambda line: line.done, numeric=True),
    Column("failed_rows", lambda line: line.view.failed, numeric=True),
    Column("open_rows", lambda line: line.left, numeric=True),
)
ANSWERS: tuple[Column[Answer], ...] = (
    Column("terminal", lambda one: one.name),
    Column("place", lambda one: one.place),
    Column("box", lambda one: one.box),
    Column("answered", lambda one: one.told),
    Column("at_time", lambda one: one.at),
)


def _jobs(sources: Sources) -> Reply:
    wanted, now, clock = asked(request.args), campus_now(sources), sources.clock()
    lines = [_line(view, clock) for view in reversed(_views(sources, now.unix_ms))]
    return render_template(
        "devices/jobs.html", list=listed(lines, JOBS, wanted), as_of=time_text(now.campus_s),
        waiting=len(kept_in(sources).waiting(now.unix_ms)),
    )  # fmt: skip


def _views(sources: Sources, now_ms: int) -> Sequence[JobView]:
    """All; of whoever does not see all of the campus, his terminals' rows alone."""
    if g.signed.everywhere(Right.SEE_CAMPUS):
        return sources.reader.fleet.jobs()
    return sources.reader.fleet.jobs_of([bytes.fromhex(row["device"]) for row in seen_rows(sources, now_ms)])


def _line(view: JobView, clock: CampusClock) -> Line:
    return Line(view, ordered_with(view.job), time_text(int(clock.at(view.job.made_ms / 1000))))


def _job(sources: Sources, number: int) -> Reply:
    wanted, now, clock = asked(request.args, ("answer",)), campus_now(sources), sources.clock()
    view, there, seen = _found(sources, number)
    kept = dict(wanted.kept).get("answer", "")
    chosen = [one for one in there if not kept or one.row.state.name.lower() == kept]
    rows = [row for one in there if (row := seen.get(one.row.device))]
    is_whole = view.total == len(there)
    return render_template(
        "devices/job.html", list=listed(chosen, ANSWERS, wanted), job=view.job, line=_line(view, clock),
        states=_states(there, wanted, kept), as_of=time_text(now.campus_s), total=len(there), is_whole=is_whole,
        expires=time_text(int(clock.at(view.job.expires_ms / 1000))) if view.job.expires_ms else None,
        may_act=is_whole and bool(rows) and all(may_command(row) for row in rows), reason_max=REASON_MAX,
        failed=sum(one.row.state in RETRIED for one in there), left=sum(not one.row.state.is_over for one in there),
        done=sum(one.row.state is RowState.OK for one in there), expires_s=EXPIRES_S, boxes=_by_box(there),
    )  # fmt: skip


def _states(there: Collection[Answer], wanted: Asked, kept: str) -> list[dict[str, Any]]:
    """How many are where, each with the address that shows them."""
    found: list[dict[str, Any]] = []
    for state in sorted({one.row.state for one in there}, key=lambda one: (one is not RowState.OK, one)):
        name = state.name.lower()
        link = wanted._replace(kept=() if name == kept else (("answer", name),), page=1).link()
        rows = [one for one in there if one.row.state is state]
        found.append({"said": STATES[state], "rows": len(rows), "link": link, "is_on": name == kept, "of": rows[0]})
    return found


def _by_box(there: Collection[Answer]) -> list[dict[str, Any]]:
    """How far each box has come, the slowest first; empty: there is but one."""
    found: dict[str, list[Answer]] = {}
    for one in there:
        found.setdefault(one.box, []).append(one)
    rows = [
        {
            "box": box, "of": len(own), "done": sum(one.row.state is RowState.OK for one in own),
            "failed": sum(one.row.state.is_failure for one in own),
            "left": sum(not one.row.state.is_over for one in own),
        }
        for box, own in found.items()
    ]  # fmt: skip
    return sorted(rows, key=lambda one: (-one["left"], -one["failed"], one["box"])) if len(rows) > 1 else []


def _job_csv(sources: Sources, number: int) -> Reply:
    wanted, said = asked(request.args), words(g.language)
    rows = ordered(fitting(_found(sources, number)[1], ANSWERS, wanted.find), ANSWERS, wanted)
    return csv_answer(f"job-{number}", [said[column.name] for column in ANSWERS], ANSWERS, rows)


def _found(sources: Sources, number: int) -> tuple[JobView, list[Answer], dict[bytes, Row]]:
    """Rows of terminals that he sees; 404 where he sees none of them."""
    now, clock = campus_now(sources), sources.clock()
    found = sources.reader.fleet.job(number, now)
    seen = {bytes.fromhex(row["device"]): row for row in seen_rows(sources, now.unix_ms)}
    rows = [row for row in found[1] if row.device in seen] if found else []
    if found is None or not rows:
        abort(404)
    says = found[0].job.verb in SAY_AT_LENGTH
    papers = sources.reader.fleet.said({(row.device, row.generation) for row in rows}) if says else {}
    answers = [_answer(row, seen[row.device], papers.get(row.device), clock) for row in rows]
    return found[0], sorted(answers, key=lambda one: (not one.row.state.is_failure, one.name)), seen


def _answer(row: JobRow, at: Row, paper: Paper | None, clock: CampusClock) -> Answer:
    last_ms = row.over_ms or row.stored_ms or row.bus_ms or row.box_ms or row.sent_ms
    when = time_text(int(clock.at(last_ms / 1000))) if last_ms else ""
    return Answer(row, at["name"], at["place"], row.box or at["box"], _in_language(answer_text(row)), when, paper)


def _retry_job(sources: Sources, number: int) -> Reply:
    """A job of its own for what failed, silence too."""
    now, reason = campus_now(sources), require_reason(request.form.get("reason", ""))
    view, rows = _mine(sources, number)
    failed = tuple(row.device for row in rows if row.state in RETRIED)
    if not failed:
        raise DeedRefused(Text("没有未成的终端", "no terminal has failed"))
    if not view.job.cancels and closes(sources, decode_order(view.job.body).deed, failed):
        raise DeedRefused(
            Text("这会停掉整个食堂，请另下指令，由两人确认", "that closes a canteen: order it anew, for two persons")
        )
    expires_ms = now.unix_ms + EXPIRES_S[0] * 1000
    with sources.books() as opened, sources.signer() as signer:
        made = Orders(JobLedger(opened), signer, sources.clock()).retry(number, g.signed.name, reason, expires_ms, now)
    if not made:
        raise DeedRefused(Text("没有未成的终端", "no terminal has failed"))
    tell(f"job:{made}", Text(f"重试任务 {number} 未成的：{reason}", f"what failed of job {number} again: {reason}"))
    return redirect(url_for("job", number=made))


def _cancel_job(sources: Sources, number: int) -> Reply:
    """What has not left is cancelled; what has is asked for, by a job of its own."""
    now, reason = campus_now(sources), require_reason(request.form.get("reason", ""))
    _mine(sources, number)
    with sources.books() as opened, sources.signer() as signer:
        made = Orders(JobLedger(opened), signer, sources.clock()).cancel(number, g.signed.name, reason, now)
    tell(f"job:{number}", Text(f"取消任务 {number}：{reason}", f"cancel of job {number}: {reason}"))
    return redirect(url_for("job", number=made or number))


def _mine(sources: Sources, number: int) -> tuple[JobView, list[JobRow]]:
    found = sources.reader.fleet.job(number, campus_now(sources))
    if found is None:
        abort(404)
    require_command(sources, {row.device for row in found[1]})
    return found


def _in_language(said: Text) -> str:
    return said.in_language(Language(g.language))


PAGES = (
    Page("jobs", "/jobs", Right.SEE_CAMPUS, _jobs, Menu.DEVICES),
    Page("job", "/jobs/<int:number>", Right.SEE_CAMPUS, _job),
    Page("job_csv", "/jobs/<int:number>.csv", Right.SEE_CAMPUS, _job_csv),
    Page("retry_job", "/jobs/<int:number>/retry", Right.COMMAND, _retry_job, writes=True),
    Page("cancel_job", "/jobs/<int:number>/cancel", Right.COMMAND, _cancel_job, writes=True),
)
