"""`./ykt up --trace`: a given day again. First the cards are loaded, then the trace's clock starts, then it is sold.

Each card is loaded with the sum of its lines over the full MAC1/MAC2/TAC path, by 8 load machines in parallel, from
posted deposits. Then every process runs on the trace's clock; --speed is a ceiling, for the buses keep their bit rate.
"""

import time
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from compose.campus import campus, trace
from compose.campus.lines import write_lines
from compose.campus.opening import (
    SERVERS,
    Campus,
    Say,
    StepFailed,
    first_time,
    open_servers,
    say_broker,
    say_console,
    say_plain,
    say_status,
    servers_of,
)
from compose.campus.options import Options
from compose.campus.plan import Plan, trace_plan, write_plan
from compose.campus.trace import Trace
from compose.parts.supervise import Supervisor
from compose.parts.watch import Watch
from compose.place import WrongUse
from shared.clocks.campus_clock import CampusClock
from shared.words.refused import why_not
from shared.words.voice import Text

LOADERS = 8
LOAD_MAX_FEN = 100_000
"""Most that one load may bring; a card that needs more is loaded again."""
LOADING_S = 3600.0
"""Bound of the loading phase."""
LEAD_S, LEAD_BODY_S = 4.0, 0.2
"""Real seconds, and more for each body, from the start of the trace's clock to its first line: all have joined."""
_STANDING = Text("入账、集控平台、数据网关", "ingest, console, boxes")
_UNREADABLE = Text("读不到流水文件", "the trace cannot be read")
TOLD_MAX = 50
"""Rejected lines that are printed one by one."""
OURS = frozenset({"launcher.lock", "log"})


def read_day(options: Options, say: Say) -> Trace:
    """The day to be played; WrongUse when it cannot be, and then nothing was made."""
    require_empty(options.data)
    return _read(options, say)


def require_empty(folder: Path) -> None:
    """WrongUse when there is something in a folder that a day would be played into."""
    left = sorted(path.name for path in folder.iterdir() if path.name not in OURS) if folder.is_dir() else []
    if left:
        there = ", ".join(left[:3])
        raise WrongUse(
            Text(f"--trace 要求空的 --data 目录，现有 {there}", f"--trace wants an empty --data folder, not {there}")
        )


async def open_replay(
    options: Options, day: Trace, parts: Supervisor, watch: Watch, run_dir: Path, say: Say
) -> Campus:  # fmt: skip
    """Bring a trace's campus up and start to play it. WrongUse: somebody else has used the folder meanwhile."""
    began = time.monotonic()
    require_empty(options.data)
    plan = trace_plan(list(day.cards()), day.terminals(), LOADERS)
    write_plan(options.data / "plan.json", plan, _extra(day))
    where = await open_servers(options, parts, run_dir, plan, _clock(day, 1.0, LOADING_S))
    await first_time(options, parts, where, plan, [{"card": c, "fen": f} for c, f in day.cards().items()], say)
    say_broker(where, say)
    say(f"[1/4] {SERVERS} ({time.monotonic() - began:.1f} s)")
    server_names = servers_of(options)
    standing = [*campus.core_parts(where, server_names), *campus.field_parts(where, plan)]
    await parts.start(*standing)
    say(f"[2/4] {_STANDING} ({time.monotonic() - began:.1f} s)")
    say_console(parts, where, say)
    loads = await _load(options, parts, watch, where, plan, day, say)
    await parts.end(*(part.name for part in standing))
    lead_s = LEAD_S + LEAD_BODY_S * len(day.terminals())
    starts = time.monotonic() + lead_s
    where = campus.with_clock(where, _clock(day, options.speed, lead_s * options.speed))
    await parts.start(*campus.core_parts(where, server_names), *campus.field_parts(where, plan))
    say_plain(parts, plan, say)
    bodies = campus.terminal_parts(where, plan, _sales(options.data / "scripts", plan, day))
    await parts.start(*bodies)
    told = Text(
        f"{len(bodies)} 台终端按流水文件的时钟重放，最高 ×{options.speed:g}",
        f"{len(bodies)} terminals replay on the trace's clock, ≤ ×{options.speed:g}",
    )
    say(f"[4/4] {told}")
    say_status(options, say)
    counts: dict[str, float] = {"trace_lines": len(day.lines), "trace_skipped": len(day.rejected), "trace_loads": loads}
    span = day.lines[-1].at - day.lines[0].at
    return Campus(plan, where, tuple(part.name for part in bodies), True, counts, (starts, span))


def with_progress(played: Campus, watch: Watch, now: float) -> Campus:
    """The same campus with the speed that the replay reached, in campus seconds per real second, never above --speed;
    of one that was ended before its last line with how many lines are left, for it has reached no speed."""
    starts, span = played.replayed
    if not played.script or now <= starts:
        return played
    left = lines_left(played, watch)
    reached = {"trace_left": left} if left else {"speed_reached": round(span / (now - starts), 1)}
    return replace(played, counts={**played.counts, **reached})


def lines_left(played: Campus, watch: Watch) -> int:
    """Lines of the trace that no terminal has begun yet."""
    return sum(int(watch.of(name).get("script_left") or 0) for name in played.sellers)


def progress(played: Campus, watch: Watch) -> str:
    """How far a replay is, before the live line; empty when none is played."""
    lines = int(played.counts.get("trace_lines", 0))
    return f"{Text('重放', 'replayed')} {lines - lines_left(played, watch)}/{lines} · " if played.script else ""


def _read(options: Options, say: Say) -> Trace:
    if options.trace is None:
        raise WrongUse("--trace")
    try:
        day = trace.read(options.trace.read_bytes(), date.today())  # noqa: DTZ011  # a campus-local day
    except OSError as fault:
        raise WrongUse(f"{_UNREADABLE}: {options.trace}: {why_not(fault)}") from fault
    for line in day.rejected[:TOLD_MAX]:
        say(f"  {Text(f'第 {line.number} 行跳过：', f'line {line.number} skipped: ')}{line.reason}")
    lines, cards, terminals, skipped = len(day.lines), len(day.cards()), len(day.terminals()), len(day.rejected)
    say(
        Text(
            f"流水文件：{lines} 笔，{cards} 张卡，{terminals} 台终端，跳过 {skipped} 行",
            f"trace: {lines} lines, {cards} cards, {terminals} terminals, {skipped} lines skipped",
        )
    )
    if not day.lines:
        raise WrongUse(Text("流水文件中没有可重放的行", "no line of the trace can be replayed"))
    return day


def _extra(day: Trace) -> dict[str, Any]:
    first = trace.EPOCH.date() + timedelta(seconds=day.lines[0].at - LOADING_S)
    last = trace.EPOCH.date() + timedelta(seconds=day.lines[-1].at)
    return {
        "issued": (first - timedelta(days=1)).isoformat(),
        "expires": (last + timedelta(days=3650)).isoformat(),
        "ceiling_fen": max(LOAD_MAX_FEN, *day.cards().values()),
    }


async def _load(
    options: Options, parts: Supervisor, watch: Watch, where: campus.Where, plan: Plan, day: Trace, say: Say
) -> int:
    scripts = _loads(options.data / "scripts", plan, day)
    bodies = campus.terminal_parts(where, plan, scripts)
    names = tuple(part.name for part in bodies)
    began = time.monotonic()
    await parts.start(*bodies)
    owing = await watch.until(names, lambda said: bool(said.get("script_done") and said.get("drained")), LOADING_S)
    if owing:
        raise StepFailed(f"{Text('圈存未完成：', 'loading did not end: ')}{', '.join(owing)}")
    took, loads = time.monotonic() - began, sum(int(watch.of(name).get("loads") or 0) for name in names)
    rate = f"{loads / took:.0f}"
    say(
        Text(
            f"[3/4] 圈存 {loads} 笔，{took:.1f} 秒，{rate} 笔/秒",
            f"[3/4] {loads} loads, {took:.1f} s, {rate} loads/s",
        )
    )
    await parts.end(*names)
    return loads


def _loads(folder: Path, plan: Plan, day: Trace) -> dict[str, tuple[str, ...]]:
    machines = [terminal.name for _, _, terminal in plan.terminals() if terminal.kind == "load"]
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in machines}
    for at, (card, total) in enumerate(day.cards().items()):  # all loads of one card at one machine: they never meet
        own = rows[machines[at % len(machines)]]
        own += [{"card": card, "amount_fen": min(LOAD_MAX_FEN, total - done)} for done in range(0, total, LOAD_MAX_FEN)]
    return {name: _script(folder, name, own) for name, own in rows.items()}


def _sales(folder: Path, plan: Plan, day: Trace) -> dict[str, tuple[str, ...]]:
    names = {terminal.place: terminal.name for _, _, terminal in plan.terminals() if terminal.kind == "pos"}
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in names.values()}
    for line in day.lines:
        rows[names[line.terminal]].append({"card": line.card, "amount_fen": line.amount, "at": line.at})
    return {name: _script(folder, name, own) for name, own in rows.items()}


def _script(folder: Path, name: str, rows: list[dict[str, Any]]) -> tuple[str, ...]:
    path = folder / f"{name}.jsonl"
    write_lines(path, rows)
    return ("--script", str(path))


def _clock(day: Trace, speed: float, lead_s: float) -> str:
    return CampusClock(day.lines[0].at - lead_s, time.time(), speed).to_option()
