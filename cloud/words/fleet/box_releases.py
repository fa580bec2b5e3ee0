"""Releases of boxes 网关发行 and their roll-outs, as text and as JSON, in both languages. Pure."""

from typing import Any

from cloud.ledger.fleet.boxes.door import DONE, BoxesView, BoxRolloutView
from cloud.ledger.fleet.boxes.rows import BoxRelease, BoxRow, Running
from cloud.ledger.fleet.firmware.state import TerminalState
from cloud.words.fleet.firmware import PHASES
from shared.facts.terms import BACKS
from shared.fleet.box_release import MACHINES
from shared.wire.messages import ReleaseStage
from shared.words.voice import Text

STATES = {
    TerminalState.QUEUED: Text("未轮到", "its wave has not begun"),
    TerminalState.OFFERED: Text("已轮到，网关未应答", "its turn, the box has not answered"),
    TerminalState.RECEIVING: Text("接收中", "fetching"),
    TerminalState.WHOLE: Text("已收全，待空闲重启", "whole, begins anew at a quiet moment"),
    TerminalState.TRIED: Text("试用中", "on trial"),
    TerminalState.IN_USE: Text("在用", "in use"),
    TerminalState.ALREADY: Text("原已在用", "was in use already"),
    TerminalState.RETURNED: Text("已自行退回", "went back by itself"),
    TerminalState.REFUSED: Text("拒绝", "refused"),
    TerminalState.SILENT: Text("到时无答复", "silent, its time is over"),
    TerminalState.STOPPED: Text("未升级，已停", "left out, the roll-out was stopped"),
}
_STAGES = {
    ReleaseStage.COMING: TerminalState.RECEIVING, ReleaseStage.WAITING: TerminalState.WHOLE,
    ReleaseStage.TRIED: TerminalState.TRIED, ReleaseStage.IN_USE: TerminalState.IN_USE,
    ReleaseStage.RETURNED: TerminalState.RETURNED, ReleaseStage.REFUSED: TerminalState.REFUSED,
}  # fmt: skip
_MARKS = {TerminalState.IN_USE: "●", TerminalState.ALREADY: "●", TerminalState.STOPPED: "○"}


def release_line(one: BoxRelease) -> str:
    """A release: what it is, and who brought it."""
    digest = one.digest.hex()
    return str(
        Text(
            f"网关发行 {one.text}  {one.name}  {one.length} 字节  {digest}  {one.who} 入库",
            f"box release {one.text}  {one.name}  {one.length} bytes  {digest}  brought by {one.who}",
        )
    )


def rollout_line(one: BoxRolloutView) -> str:
    """Which release, by whom, where it stands, how many boxes are where."""
    rollout, phase = one.rollout, PHASES[one.phase]
    name, total, done = f"{MACHINES[rollout.model]}:{rollout.release}", len(one.there), one.count(*DONE)
    return str(
        Text(
            f"升级 {rollout.number}  网关发行 {name}  {rollout.who}：{rollout.reason}  {phase.zh}  "
            f"在用 {done}/{total}，未成 {one.failed}",
            f"roll-out {rollout.number}  box release {name}  {rollout.who}: {rollout.reason}  {phase.en}  "
            f"in use {done}/{total}, failed {one.failed}",
        )
    )


def rollout_lines(one: BoxRolloutView) -> list[str]:
    """And each box."""
    return [rollout_line(one), *(_row_line(row, one.rollout.release) for row in one.there)]


def view_lines(found: BoxesView) -> list[str]:
    """Releases, roll-outs with the newest first, and what boxes run."""
    nothing = str(
        Text("还没有：./ykt cloud box-release release FILE", "none yet: ./ykt cloud box-release release FILE")
    )
    return [
        *(list(map(release_line, found.releases)) or [nothing]),
        *(rollout_line(one) for one in reversed(found.rollouts)),
        *map(_running_line, found.running.values()),
    ]


def standing_text(row: BoxRow) -> Text:
    """How a box stands, and why."""
    how, (zh, en) = STATES.get(row.row.state, Text("等待", "waiting")), BACKS.get(row.why, (row.why,) * 2)
    words = f" {row.words}" if row.words else ""
    return Text(f"{how.zh}：{zh}{words}", f"{how.en}: {en}{words}") if row.why else how


def runs_text(one: Running) -> Text:
    """What runs there, as it has said itself."""
    if one.number:
        return Text(f"第 {one.number} 号 {one.name}", f"{one.number} · {one.name}")
    return Text(f"安装包所带 {one.name}", f"as installed · {one.name}")


def health_text(one: Running) -> Text:
    """How a box is with what it runs, or was told to fetch."""
    if one.stage is ReleaseStage.NOTHING:
        return STATES[TerminalState.IN_USE]
    how, (zh, en) = STATES[_STAGES[one.stage]], BACKS.get(one.why, (one.why,) * 2)
    about = f" {one.about}" if one.about and one.stage is not ReleaseStage.IN_USE else ""
    words = f" {one.words}" if one.words else ""
    said = Text(f"{how.zh}{about}", f"{how.en}{about}")
    return Text(f"{said.zh}：{zh}{words}", f"{said.en}: {en}{words}") if one.why else said


def release_json(one: BoxRelease) -> dict[str, Any]:
    """A release."""
    return {**one._asdict(), "digest": one.digest.hex()}


def rollout_json(one: BoxRolloutView) -> dict[str, Any]:
    """A roll-out and its boxes."""
    rollout = one.rollout
    return {
        "number": rollout.number, "machine": MACHINES[rollout.model], "release": rollout.release, "who": rollout.who,
        "reason": rollout.reason, "phase": one.phase.name.lower(), "canary": rollout.canary, "waves": rollout.waves,
        "is_over": one.is_over, "failed": one.failed, "rows": [_row_json(row) for row in one.there],
    }  # fmt: skip


def view_json(found: BoxesView) -> dict[str, Any]:
    """All of it."""
    running = {box: {**one._asdict(), "stage": one.stage.name.lower()} for box, one in found.running.items()}
    return {
        "releases": list(map(release_json, found.releases)), "rollouts": list(map(rollout_json, found.rollouts)),
        "running": running,
    }  # fmt: skip


def _row_json(one: BoxRow) -> dict[str, Any]:
    row = one.row
    return {
        "box": one.box, "wave": row.wave, "state": row.state.name.lower(), "running": row.running, "before": row.before,
        "got": row.lacking, "why": one.why, "words": one.words,
    }  # fmt: skip


def _row_line(one: BoxRow, release: int) -> str:
    row, how = one.row, standing_text(one)
    mark = _MARKS.get(row.state, "✗" if row.state.is_failure else "◐" if row.state.is_out else "·")
    runs = row.running or row.before
    return str(
        Text(
            f"  {mark} 第 {row.wave} 批 {one.box}  {runs} → {release}  {how.zh}",
            f"  {mark} wave {row.wave} {one.box}  {runs} → {release}  {how.en}",
        )
    )


def _running_line(one: Running) -> str:
    return str(Text(f"网关 {one.box} 运行 {one.name}（{one.number}）", f"box {one.box} runs {one.name} ({one.number})"))
