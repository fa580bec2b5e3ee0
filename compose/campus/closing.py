"""How a campus is closed: stop selling, present torn cards again, drain, verify, and sum up.

The drain goes on as long as it makes progress. What cannot be drained is said with its name, and the sheet is not true.
"""

import asyncio
import json
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from compose.campus.campus import step
from compose.campus.figures import Figures, Open, Owed, Terminal
from compose.campus.opening import Campus, Say, step_failed
from compose.campus.replay import with_progress
from compose.campus.sheet import report, sheet
from compose.parts.supervise import Ended, Supervisor
from compose.parts.watch import Watch
from shared.words.voice import Text

STALLED_S = 180.0
"""Bound of a drain without progress (nobody has less left than before): after it, who still owes is named."""
STEP_S = 600.0
TOLD_LINES = 20
TOLD_S = 1.0
"""How often a drain says on a terminal what is left."""
_ADDING_UP, _VERIFYING = Text("汇总账本", "adding up the ledger"), Text("核对账本与网关", "checking ledger and boxes")
_CLOSING = Text("停止营业，闪卡补刷，排空……", "selling stops; torn cards come again; draining …")


async def close(
    campus: Campus, parts: Supervisor, watch: Watch, hurry: asyncio.Event, say: Say, tell: Say
) -> Figures:
    """Stop selling, drain, verify, collect the figures. A second wish (hurry) ends the drain at once.

    tell: what is being done, on a terminal.
    """
    ended = time.monotonic()
    say(_CLOSING)
    for name in campus.sellers:
        parts.send(name, signal.SIGUSR1)
    parts_left = [*campus.sellers, *(f"edge-{box.box}" for box in campus.plan.boxes)]
    drain = asyncio.create_task(watch.until_stalled(parts_left, _drained, _left, STALLED_S))
    rushed = asyncio.create_task(hurry.wait())
    while not (drain.done() or rushed.done()):
        tell(_draining(sum(_left(watch.of(name)) for name in parts_left)))
        await asyncio.wait({drain, rushed}, return_when=asyncio.FIRST_COMPLETED, timeout=TOLD_S)
    drain.cancel()
    rushed.cancel()
    for name in parts_left:
        if not _drained(watch.of(name)):
            owes = json.dumps(watch.of(name), ensure_ascii=False)[:200]
            say(f"  {Text('未排空：', 'not drained: ')}{name} {owes}")
    alarms = watch.alarms()  # before terminals are ended: that they are then silent is no news
    await parts.end(*campus.sellers)
    figures = await _figures(with_progress(campus, watch, ended), parts, watch, say, tell)
    return replace(figures, alarms=alarms)


def sum_up(figures: Figures, ended: Ended, path: Path | None, say: Say) -> int:
    """Print the sheet, write the report; the exit code."""
    say(sheet(figures))
    if ended.killed:
        say(f"  {Text('强制结束：', 'killed: ')}{', '.join(ended.killed)}")
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(report(figures), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0 if figures.true else 1


def _draining(left: int) -> Text:
    return Text(f"排空，待结算 {left}", f"draining, {left} not settled")


def _drained(said: dict[str, Any]) -> bool:
    """A terminal says so itself; a box when everything that it holds is settled."""
    return bool(said["drained"]) if "drained" in said else said.get("unsettled") == 0


def _left(said: dict[str, Any]) -> int:
    """What a part has still to bring."""
    return sum(int(said.get(key) or 0) for key in ("unsettled", "open_slots", "waiting_slots"))


async def _figures(campus: Campus, parts: Supervisor, watch: Watch, say: Say, tell: Say) -> Figures:
    where = campus.where
    data = ("--data", str(where.data))
    store = (*data, *(("--dsn", where.dsn) if where.dsn else ()))
    tell(_ADDING_UP)
    books = await _json_step("report", say, "cloud", "report", *store, "--json")
    keys = ("--keys", str(where.keys_socket))
    tell(_VERIFYING)
    cloud = await _json_step("verify", say, "cloud", "verify", *store, *keys, "--json")
    edges = await _json_step("verify-edge", say, "edge", "verify", *data, "--json")
    cards = await _json_step("cards", say, "edge.terminal", "cards", *data, "--json")
    saved = await _json_step("checkpoint", say, "cloud", "checkpoint", *store, "--json")
    checks = [*cloud.get("checks", []), *edges.get("checks", [])]
    verify = {"ok": bool(cloud.get("ok") and edges.get("ok")), "checks": checks}
    return replace(_assemble(campus, parts, watch, books, verify, cards), checkpoint=saved.get("file", ""))


def _assemble(
    campus: Campus,
    parts: Supervisor,
    watch: Watch,
    books: dict[str, Any],
    verify: dict[str, Any],
    cards: dict[str, Any],
) -> Figures:
    shown = books.get("shown", {})
    silent = {terminal.name: {"place": terminal.place} for _, _, terminal in campus.plan.terminals()}
    begun = {name: row for name, row in silent.items() if f"t-{name}" in campus.sellers}
    rows = sorted({**begun, **books.get("terminals", {})}.items())
    terminals = tuple(_terminal(name, row, watch, by_label=campus.script) for name, row in rows)
    latency = [watch.of(name).get("latency_ms") or {} for name in watch.named("edge-")]
    this_run: dict[str, float] = {"taps": watch.total("t-", "taps"), "loads": watch.total("t-", "loads")}
    return Figures(
        taps=shown.get("taps", 0),
        declined=watch.total("t-", "declined"),
        records=books.get("records", 0),
        posted=books.get("posted", 0),
        suspense=books.get("suspense", 0),
        quarantined=books.get("quarantined", 0),
        no_entry=books.get("no_entry", 0),
        zero_rides=books.get("zero_rides", 0),
        unposted=watch.total("edge-", "unsettled"),
        opening_fen=books.get("opening_fen", 0),
        loads=books.get("loads", 0),
        loads_fen=books.get("loads_fen", 0),
        spent_fen=books.get("spent_fen", 0),
        cards=cards.get("cards", 0),
        cards_fen=cards.get("cards_fen", 0),
        purse_float_fen=books.get("purse_float_fen", 0),
        deposits_fen=books.get("deposits_fen", 0),
        online_fen=books.get("online_fen", 0),
        transit_fen=books.get("transit_fen", 0),
        suspense_fen=books.get("suspense_fen", 0),
        lost=shown.get("lost", 0),
        double=shown.get("double", 0),
        owed=shown.get("owed", 0),
        owed_fen=shown.get("owed_fen", 0),
        owed_subsidy_fen=shown.get("owed_subsidy_fen", 0),
        owed_by=tuple(Owed(**row) for row in shown.get("owed_by", [])),
        latency_ms={key: max((row.get(key, 0.0) for row in latency), default=0.0) for key in ("p50", "p99")},
        verify=verify,
        terminals=terminals,
        faults=dict(parts.faults),
        injected={"torn": watch.total("t-", "torn")},
        this_run={**this_run, **campus.counts},
        subsidy_fen=books.get("subsidy_fen", 0),
        subsidy_opening_fen=books.get("subsidy_opening_fen", 0),
        subsidy_spent_fen=books.get("subsidy_spent_fen", 0),
        subsidy_cards_fen=cards.get("subsidy_fen", 0),
        subsidies=cards.get("subsidies", 0),
        mixed=shown.get("mixed", 0),
        pending_fen=books.get("pending_fen", 0),
        pending_subsidy_fen=books.get("pending_subsidy_fen", 0),
        voids=books.get("voids", 0),
        voided_fen=books.get("voided_fen", 0),
        payments=books.get("payments", 0),
        payments_fen=books.get("payments_fen", 0),
        granted_fen=books.get("granted_fen", 0),
        unloads_fen=books.get("unloads_fen", 0),
        replaced_fen=books.get("replaced_fen", 0),
        subsidy_replaced_fen=books.get("subsidy_replaced_fen", 0),
        differences=books.get("differences", 0),
        differences_explained=books.get("differences_explained", 0),
        explained_fen=books.get("explained_fen", 0),
        put_back=_said(books.get("put_back", {}).get("said") or ""),
        put_backs_open=books.get("put_back", {}).get("open", 0),
        losses=books.get("losses", 0),
        loss_fen=books.get("loss_fen", 0),
        loss_provision_fen=books.get("loss_provision_fen", 0),
        loss_purses_fen=books.get("loss_purses_fen", 0),
        loss_subsidy_fen=books.get("loss_subsidy_fen", 0),
        open=tuple(Open(**{**case, "will": _said(case.get("will", ""))}) for case in books.get("open", [])),
    )


def _said(words: str | list[str] | dict[str, str]) -> str | Text:
    """What the cloud says of a case, for its JSON has no language: both halves, or a word that needs none."""
    if isinstance(words, dict):
        return Text(words["zh"], words["en"])
    return words if isinstance(words, str) else Text(*words)


def _terminal(name: str, row: dict[str, Any], watch: Watch, *, by_label: bool) -> Terminal:
    """A trace calls its terminals by their own labels, which stand as their place."""
    said = watch.of(f"t-{name}")
    return Terminal(
        row.get("place") or name if by_label else name,
        row.get("place", ""),
        row.get("first_seq", 0),
        row.get("last_seq", 0),
        row.get("taps", 0),
        row.get("posted", 0),
        row.get("spent_fen", 0),
        row.get("loads", 0),
        row.get("loads_fen", 0),
        int(said.get("unsettled") or 0),
        int(said.get("open_slots") or 0),
        row.get("zero_rides", 0),
    )


async def _json_step(name: str, say: Say, *words: str) -> dict[str, Any]:
    """The JSON object that a command prints as its last line; an empty one, and what it said, when there is none."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *step(name, *words).argv, stdout=pipe, stderr=asyncio.subprocess.STDOUT
    )
    try:
        printed, _ = await asyncio.wait_for(process.communicate(), STEP_S)
    except TimeoutError:
        process.kill()
        printed, _ = await process.communicate()
    lines = printed.decode("utf-8", "replace").splitlines()
    if lines and lines[-1].startswith("{"):
        return dict(json.loads(lines[-1]))
    say(f"  {step_failed(name, process.returncode)}")
    for line in lines[-TOLD_LINES:]:
        say(f"  | {line}")
    return {}
