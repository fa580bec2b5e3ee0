"""Jobs 任务 and what became of each of their orders 指令, as text and as JSON, in both languages. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cloud.ledger.fleet.jobs.pieces import Paper
from cloud.ledger.fleet.jobs.state import Job, JobRow, RowState
from cloud.ledger.fleet.jobs.views import JobView, Stops
from cloud.ledger.records.values import Now
from cloud.words.both import halves
from shared.clocks.campus_clock import CampusClock
from shared.clocks.clock import time_text
from shared.errors import WireFault
from shared.facts.terms import ORDERS, VERDICTS, word_of
from shared.fleet.order import WHOLE, Locate, Lock, Order, Reread, SendLog, Silence, Verb, decode_order
from shared.wire.fleet_lane import Verdict
from shared.words.voice import Text

JOBS_SHOWN = 50
STATES = {
    RowState.QUEUED: Text("排队", "queued"),
    RowState.OFFERED: Text("已发出，无人答复", "sent, nobody has answered"),
    RowState.AT_BOX: Text("已到网关", "at the box"),
    RowState.ON_BUS: Text("已上总线，终端未答", "on the bus, the terminal has not answered"),
    RowState.STORED: Text("已到终端，执行中", "at the terminal, under way"),
    RowState.OK: Text("完成", "done"),
    RowState.REFUSED: Text("拒绝", "refused"),
    RowState.TIMED_OUT: Text("终端收到后无答复", "timed out: the terminal has it and is silent"),
    RowState.EXPIRED: Text("已过期", "expired"),
    RowState.CANCELLED: Text("已取消", "cancelled"),
    RowState.STOPPED: Text("未发出，任务已停", "not sent, the job was stopped"),
}
_MARKS = {RowState.OK: "●", RowState.CANCELLED: "○", RowState.STOPPED: "✗"}
_BAD, _OPEN = "✗", "◐"
_HOPS = {
    RowState.AT_BOX: Text("网关", "box"),
    RowState.ON_BUS: Text("网关", "box"),
    RowState.STORED: Text("终端", "terminal"),
    RowState.OK: Text("终端", "terminal"),
    RowState.REFUSED: Text("终端", "terminal"),
}


class Named(NamedTuple):
    """A terminal as people know it."""

    name: str
    place: str
    box: str


Names = Mapping[bytes, Named]


class Said(NamedTuple):
    """papers: what terminals said at length, by device."""

    names: Names
    papers: Mapping[bytes, Paper]


def jobs_lines(found: Sequence[JobView], clock: CampusClock) -> Iterator[str]:
    """A line for each job, the newest first."""
    if not found:
        yield str(Text("还没有任务", "there is no job yet"))
    for one in list(reversed(found))[:JOBS_SHOWN]:
        yield job_line(one, clock)


def job_line(one: JobView, clock: CampusClock) -> str:
    """What was ordered, by whom, and how many terminals are where."""
    job, ordered = one.job, ordered_with(one.job)
    done = one.counts.get(RowState.OK, 0)
    cancelled = one.counts.get(RowState.CANCELLED, 0)
    left = one.total - done - one.failed - cancelled
    when, (zh, en) = time_text(int(clock.at(job.made_ms / 1000))), halves(_beside(job))
    return str(
        Text(
            f"任务 {job.number}  {ordered.zh}{zh}  {when}  {job.who}：{job.reason}  "
            f"完成 {done}/{one.total}，未成 {one.failed}，取消 {cancelled}，未完 {left}",
            f"job {job.number}  {ordered.en}{en}  {when}  {job.who}: {job.reason}  "
            f"done {done}/{one.total}, failed {one.failed}, cancelled {cancelled}, open {left}",
        )
    )


def row_line(row: JobRow, names: Names, clock: CampusClock, paper: Paper | None = None) -> str:
    """One terminal: its state, which hop has answered, when, and where its log is."""
    mark = _MARKS.get(row.state, _BAD if row.state.is_failure else _OPEN)
    at, said, how = _named(row, names), _said(row), STATES[row.state]
    hop, when, asked = halves(_hop(row)), _when(row, clock), halves(_asked(row))
    log = halves(None if paper is None else _log(row.job, paper))
    return str(
        Text(
            f"  {mark} {at.name} {at.place}  {how.zh}{said.zh}{hop[0]}{when}{asked[0]}{log[0]}",
            f"  {mark} {at.name} {at.place}  {how.en}{said.en}{hop[1]}{when}{asked[1]}{log[1]}",
        )
    )


def answer_text(row: JobRow) -> Text:
    """How a row stands, what the terminal said beside, and which hop has said so."""
    how, said, hop = STATES[row.state], _said(row), halves(_hop(row))
    return Text(f"{how.zh}{said.zh}{hop[0]}", f"{how.en}{said.en}{hop[1]}")


def log_name(number: int, names: Names, device: bytes) -> str:
    """Of the file that has what this terminal said about its order in that job."""
    return f"job-{number}-{names[device].name if device in names else device.hex()}.log"


def log_lines(
    rows: Sequence[JobRow], said: Mapping[bytes, Paper], names: Names, files: Mapping[bytes, Path | None]
) -> Iterator[str]:  # fmt: skip
    """What each has said, or the file that it went to; whose is missing, or not whole, is named."""
    for row in rows:
        at, paper = _named(row, names).name, said.get(row.device)
        if paper is None:
            yield str(Text(f"{at}：没有上报", f"{at}: has said nothing"))
            continue
        there = _size(paper)
        yield str(Text(f"{at}：{there.zh}", f"{at}: {there.en}"))
        file = files.get(row.device)
        yield f"  {file}" if file is not None else paper.raw.decode("utf-8", "replace").rstrip("\n")


def logs_json(
    rows: Sequence[JobRow], said: Mapping[bytes, Paper], names: Names, files: Mapping[bytes, Path | None]
) -> list[dict[str, Any]]:  # fmt: skip
    """A row for each terminal of the job."""
    return [
        {
            "terminal": _named(row, names).name, "log": _paper_json(said.get(row.device)),
            "file": str(files[row.device]) if files.get(row.device) else None,
        }
        for row in rows
    ]  # fmt: skip


def _log(number: int, paper: Paper) -> Text:
    there, how = _size(paper), f"./ykt cloud job log {number}"
    return Text(f"  〔{there.zh}：{how}〕", f"  [{there.en}: {how}]")


def _size(paper: Paper) -> Text:
    if paper.is_whole:
        return Text(f"{len(paper.raw)} 字节", f"{len(paper.raw)} bytes")
    return Text(f"只到 {paper.there}/{paper.total} 段", f"{paper.there} of {paper.total} pieces")


def _paper_json(paper: Paper | None) -> dict[str, Any] | None:
    if paper is None:
        return None
    return {"bytes": len(paper.raw), "pieces": paper.there, "of": paper.total, "whole": paper.is_whole}


def ordered_line(number: int, ordered: Text, count: int) -> str:
    """What was just ordered."""
    return str(
        Text(
            f"任务 {number}：{ordered.zh}，{count} 台终端；进展：./ykt cloud job show {number} --follow",
            f"job {number}: {ordered.en} to {count} terminals; see ./ykt cloud job show {number} --follow",
        )
    )


def stops_lines(found: Sequence[Stops], names: Names) -> Iterator[str]:
    """What a lock stops, terminal by terminal, and what has to be said to have it so."""
    yield str(Text("锁定将停止以下终端的消费：", "a lock stops these terminals, which sell:"))
    for one in found:
        at = names[one.device]
        heard = Text("在线", "online") if one.is_heard else Text("失联", "not heard")
        yield str(
            Text(
                f"  {at.name} {at.place}  {heard.zh}，今日 {one.taps} 笔，待重放卡 {one.open_slots}，"
                f"未入账 {one.undrained}",
                f"  {at.name} {at.place}  {heard.en}, {one.taps} taps today, {one.open_slots} cards to come again, "
                f"{one.undrained} records not posted",
            )
        )
    yield str(Text("未下达。确认请加 --yes", "nothing was ordered; to order it add --yes"))


def job_json(one: JobView, now: Now) -> dict[str, Any]:
    """Times in Unix milliseconds; what has not happened is null."""
    job = one.job
    return {
        "job": job.number, "verb": _verb(job), "arguments": _arguments(job), "who": job.who, "reason": job.reason,
        "made_ms": job.made_ms, "expires_ms": job.expires_ms or None, "run_ms": job.run_ms, "width": job.width or None,
        "stop_percent": job.stop_percent or None, "cancels": job.cancels or None, "retries": job.retries or None,
        "total": one.total, "counts": {state.name.lower(): count for state, count in sorted(one.counts.items())},
        "failed": one.failed, "over": one.is_over, "as_of_ms": now.unix_ms,
    }  # fmt: skip


def row_json(row: JobRow, names: Names, paper: Paper | None = None) -> dict[str, Any]:
    """As `job_json`."""
    at = _named(row, names)
    return {
        "terminal": at.name, "device": row.device.hex(), "box": row.box or at.box, "generation": row.generation,
        "state": row.state.name.lower(), "verdict": word_of(Verdict(row.verdict).name) if row.over_ms else None,
        "detail": row.detail.decode("utf-8", "replace"), "sent_ms": row.sent_ms or None, "box_ms": row.box_ms or None,
        "bus_ms": row.bus_ms or None, "stored_ms": row.stored_ms or None, "over_ms": row.over_ms or None,
        "asked_ms": row.asked_ms or None, "log": _paper_json(paper),
    }  # fmt: skip


def ordered_text(verb: int) -> Text:
    """The verb in words."""
    return Text(*ORDERS[word_of(Verb(verb).name)])


def _verb(job: Job) -> str:
    return word_of(Verb(job.verb).name)


def ordered_with(job: Job) -> Text:
    """The verb and its arguments in words."""
    verb, told = ordered_text(job.verb), _arguments(job)
    said = " ".join(str(value) for value in told.values())
    return Text(f"{verb.zh} {said}".rstrip(), f"{verb.en} {said}".rstrip())


def _arguments(job: Job) -> dict[str, Any]:
    order = _order(job)
    match order.deed if order else None:
        case Lock(why):
            return {"why": why} if why else {}
        case Locate(seconds) | Silence(seconds):
            return {"seconds": seconds}
        case Reread(epoch, first, last):
            return {"records": f"{epoch}:{first}..{last}"}
        case SendLog(back):
            return {"back": back} if back not in (0, WHOLE) else {"log": "whole"} if back else {}
    return {}


def _order(job: Job) -> Order | None:
    """Of a job of cancels each row has its own."""
    try:
        return decode_order(job.body)
    except WireFault:
        return None


def _asked(row: JobRow) -> Text | None:
    is_asked = row.asked_ms and not row.state.is_over
    return Text("，已请求撤回", ", a cancel is asked for") if is_asked else None


def _beside(job: Job) -> Text | None:
    if job.cancels:
        return Text(f"（任务 {job.cancels}）", f" (of job {job.cancels})")
    return Text(f"（重试任务 {job.retries}）", f" (job {job.retries} again)") if job.retries else None


def _named(row: JobRow, names: Names) -> Named:
    return names.get(row.device, Named(row.device.hex(), "", ""))


def _said(row: JobRow) -> Text:
    """The code of a refusal, and what the terminal says beside."""
    detail = row.detail.decode("utf-8", "replace")
    zh = en = ""
    if row.state is RowState.REFUSED:
        word = word_of(Verdict(row.verdict).name)
        zh, en = VERDICTS.get(word, (word, word))
    told_zh, told_en = (" ".join(part for part in (words, detail) if part) for words in (zh, en))
    return Text(f"：{told_zh}" if told_zh else "", f": {told_en}" if told_en else "")


def _hop(row: JobRow) -> Text | None:
    """Who has answered."""
    if row.state in (RowState.AT_BOX, RowState.ON_BUS):
        return Text(f"（网关 {row.box} 答）", f" (says box {row.box})")
    hop = _HOPS.get(row.state)
    return None if hop is None else Text(f"（{hop.zh}答）", f" (says the {hop.en})")


def _when(row: JobRow, clock: CampusClock) -> str:
    last_ms = row.over_ms or row.stored_ms or row.bus_ms or row.box_ms or row.sent_ms
    return f"  {time_text(int(clock.at(last_ms / 1000)))[11:]}" if last_ms else ""
