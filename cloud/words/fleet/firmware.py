"""Firmware 固件, its roll-outs 分批升级 and each terminal in one, as text and as JSON, in both languages. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from cloud.ledger.fleet.firmware.releases import Release, model_text, release_text
from cloud.ledger.fleet.firmware.state import Event, EventKind, Phase, Rollout, TerminalRow, TerminalState
from cloud.ledger.fleet.firmware.views import FirmwareView, RolloutView
from cloud.ledger.records.values import Now
from cloud.words.both import halves
from cloud.words.fleet.jobs import Named, Names
from shared.clocks.campus_clock import CampusClock
from shared.clocks.clock import time_text
from shared.facts.terms import VERDICTS, word_of
from shared.wire.fleet_lane import Verdict, Why
from shared.words.voice import Text

STATES = {
    TerminalState.QUEUED: Text("未轮到", "its wave has not begun"),
    TerminalState.OFFERED: Text("已发出，无人答复", "sent, nobody has answered"),
    TerminalState.AT_BOX: Text("已到网关", "at the box"),
    TerminalState.PERMITTED: Text("终端已获准装", "the terminal has its permit"),
    TerminalState.WAITING: Text("等待", "waiting"),
    TerminalState.RECEIVING: Text("接收中", "receiving"),
    TerminalState.WHOLE: Text("已收全，待空闲试用", "whole, to be tried at a quiet moment"),
    TerminalState.TRIED: Text("试用中", "on trial"),
    TerminalState.IN_USE: Text("在用", "in use"),
    TerminalState.ALREADY: Text("原已在用", "was in use already"),
    TerminalState.RETURNED: Text("自检未过，已退回原版", "failed its self-test, the former release runs"),
    TerminalState.REFUSED: Text("拒绝", "refused"),
    TerminalState.SILENT: Text("到时无答复", "silent, its time is over"),
    TerminalState.STOPPED: Text("未升级，已停", "left out, the roll-out was stopped"),
}
WHYS = {
    Why.MEAL: Text("餐时", "a meal period"),
    Why.UNDRAINED: Text("流水未排空", "records that are not drained"),
    Why.BUS_LOAD: Text("总线繁忙", "the bus is busy"),
    Why.TURN: Text("同线另一版本在先", "another release goes first"),
    Why.AWAY: Text("终端不在线", "the terminal is away"),
    Why.TAPPING: Text("正有人刷卡", "cards are presented"),
    Why.NO_ROOM: Text("存储不足", "no room"),
    Why.REFUSED: Text("终端不收", "the terminal will not take it"),
}
PHASES = {
    Phase.DUE: Text("进行中", "under way"),
    Phase.OPEN: Text("进行中", "under way"),
    Phase.PAUSED: Text("已暂停", "paused"),
    Phase.STOPPED: Text("已停止", "stopped"),
    Phase.OVER: Text("已结束", "over"),
}
REASONS = {
    EventKind.UNDECIDED: Text("本批无一台用上，等人决定", "nobody of the wave came to use it: say what is to be"),
    EventKind.CANARY: Text("先行者已用上，查看后 resume", "the first few use it: look, then resume"),
    EventKind.FAILED: Text("失败过多", "too many failures"),
    EventKind.STOPPED: Text("有人停止", "a person stopped it"),
}
_HOPS = {
    TerminalState.AT_BOX: Text("网关", "box"), TerminalState.PERMITTED: Text("终端", "terminal"),
    TerminalState.WAITING: Text("网关", "box"), TerminalState.RECEIVING: Text("网关", "box"),
    TerminalState.WHOLE: Text("网关", "box"), TerminalState.TRIED: Text("网关", "box"),
    TerminalState.IN_USE: Text("终端", "terminal"), TerminalState.ALREADY: Text("终端", "terminal"),
    TerminalState.RETURNED: Text("终端", "terminal"), TerminalState.REFUSED: Text("终端", "terminal"),
}  # fmt: skip
_BUILT_IN = Text("出厂程序", "built in")
_UNTOLD = Text("出厂程序，或未报", "built in, or not told")
_MARKS = {TerminalState.IN_USE: "●", TerminalState.ALREADY: "●", TerminalState.STOPPED: "○"}


def release_line(one: Release, clock: CampusClock) -> str:
    """A release: what it is, who signed it, who brought it."""
    back_zh, back_en = halves(_way_back(one))
    when, digest = time_text(int(clock.at(one.at_ms / 1000))), one.digest.hex()
    return str(
        Text(
            f"固件 {one.text}  {one.name}  {one.length} 字节{back_zh}  {digest}  "
            f"保管员密钥第 {one.key.version} 版 {one.key.public.hex()[:16]}…  入库 {when} {one.who}",
            f"firmware {one.text}  {one.name}  {one.length} bytes{back_en}  {digest}  "
            f"signed by the officers' key {one.key.version} {one.key.public.hex()[:16]}…  brought {when} {one.who}",
        )
    )


def nothing_line() -> str:
    """There is no release."""
    return str(Text("还没有固件：./ykt cloud firmware release FILE", "none yet: ./ykt cloud firmware release FILE"))


def rollout_line(one: RolloutView, clock: CampusClock) -> str:
    """A roll-out: which release, by whom, where it stands, and how many terminals are where."""
    rollout, (beside_zh, beside_en) = one.rollout, halves(_beside(one))
    name, phase = release_text(rollout.model, rollout.release), PHASES[one.phase]
    why_zh, why_en = halves(_held_up(one.events[-1]))
    when, left = time_text(int(clock.at(rollout.made_ms / 1000))), one.total - one.done - one.failed
    return str(
        Text(
            f"升级 {rollout.number}  固件 {name}{beside_zh}  {when}  {rollout.who}：{rollout.reason}  "
            f"{phase.zh}{why_zh}，第 {one.wave}/{one.waves} 批  "
            f"在用 {one.done}/{one.total}，未成 {one.failed}，其余 {left}",
            f"roll-out {rollout.number}  firmware {name}{beside_en}  {when}  {rollout.who}: {rollout.reason}  "
            f"{phase.en}{why_en}, wave {one.wave} of {one.waves}  "
            f"in use {one.done}/{one.total}, failed {one.failed}, others {left}",
        )
    )


def row_line(row: TerminalRow, release: int, names: Names, clock: CampusClock) -> str:
    """One terminal: what runs, what is wanted, how far it has come, and which hop said so."""
    mark = _MARKS.get(row.state, "✗" if row.state.is_failure else "◐" if row.state.is_out else "·")
    at, how, said = _named(row, names), STATES[row.state], halves(_said(row))
    hop_zh, hop_en = halves(_hop(row))
    last_ms = row.over_ms or row.begun_ms or row.box_ms or row.sent_ms
    when = f"  {time_text(int(clock.at(last_ms / 1000)))[11:]}" if last_ms else ""
    runs = _runs(row)
    return str(
        Text(
            f"  {mark} 第 {row.wave} 批 {at.name} {at.place}  {runs.zh} → {release}  {how.zh}{said[0]}{hop_zh}{when}",
            f"  {mark} wave {row.wave} {at.name} {at.place}  {runs.en} → {release}  {how.en}{said[1]}{hop_en}{when}",
        )
    )


def standing_text(row: TerminalRow) -> Text:
    """How a terminal stands, why, and which hop has said so."""
    how, said, hop = STATES[row.state], halves(_said(row)), halves(_hop(row))
    return Text(f"{how.zh}{said[0]}{hop[0]}", f"{how.en}{said[1]}{hop[1]}")


def failure_text(row: TerminalRow) -> Text:
    """Why it has not come to use it, without who says so: what is alike is counted together."""
    how, said = STATES[row.state], halves(_said(row))
    return Text(f"{how.zh}{said[0]}", f"{how.en}{said[1]}")


def runs_text(row: TerminalRow) -> Text:
    """What runs there, as far as told."""
    return _runs(row)


class Rolled(Protocol):
    """A roll-out as pages show it, of terminals or of boxes."""

    @property
    def rollout(self) -> Rollout: ...

    @property
    def events(self) -> Sequence[Event]: ...

    @property
    def phase(self) -> Phase: ...

    @property
    def wave(self) -> int: ...

    @property
    def waves(self) -> int: ...

    @property
    def total(self) -> int: ...

    @property
    def done(self) -> int: ...

    @property
    def failed(self) -> int: ...


def phase_text(one: Rolled) -> Text:
    """Where it stands, and what holds it up."""
    phase, why = PHASES[one.phase], halves(_held_up(one.events[-1]))
    return Text(f"{phase.zh}{why[0]}", f"{phase.en}{why[1]}")


def running_lines(view: FirmwareView, names: Names) -> Iterator[str]:
    """What each terminal says that it runs."""
    for device, model in view.models.items():
        at, release = names.get(device, Named(device.hex(), "", "")), view.running.get(device)
        runs = Text(f"第 {release} 版", f"release {release}") if release else _BUILT_IN if release == 0 else _UNTOLD
        where = f"  {at.name} {at.place}  {model_text(model)}"
        yield str(Text(f"{where}  {runs.zh}", f"{where}  {runs.en}"))


def made_line(one: RolloutView) -> str:
    """What was just begun."""
    rollout = one.rollout
    name = release_text(rollout.model, rollout.release)
    return str(
        Text(
            f"升级 {rollout.number}：固件 {name}，{one.total} 台，{one.waves} 批；"
            f"进展：./ykt cloud firmware status {rollout.number} --follow",
            f"roll-out {rollout.number}: firmware {name} to {one.total} terminals in {one.waves} waves; "
            f"see ./ykt cloud firmware status {rollout.number} --follow",
        )
    )


def release_json(one: Release) -> dict[str, Any]:
    """Bytes as hexadecimal; what is not is null."""
    return {
        "release": one.text, "model": model_text(one.model), "number": one.release, "name": one.name,
        "length": one.length, "digest": one.digest.hex(), "key": one.key.version, "public": one.key.public.hex(),
        "returns_to": one.returns_to or None, "who": one.who, "at_ms": one.at_ms,
    }  # fmt: skip


def rollout_json(one: RolloutView, now: Now) -> dict[str, Any]:
    """Times in Unix milliseconds."""
    rollout = one.rollout
    return {
        "rollout": rollout.number, "release": release_text(rollout.model, rollout.release), "who": rollout.who,
        "reason": rollout.reason, "made_ms": rollout.made_ms, "phase": word_of(one.phase.name),
        "last_event": word_of(one.events[-1].kind.name), "wave": one.wave, "waves": one.waves, "total": one.total,
        "in_use": one.done, "failed": one.failed, "over": one.is_over, "stop_percent": rollout.stop_percent,
        "returns": rollout.returns or None, "retries": rollout.retries or None,
        "counts": {word_of(state.name): count for state, count in sorted(one.counts.items())},
        "as_of_ms": now.unix_ms,
    }  # fmt: skip


def row_json(row: TerminalRow, names: Names) -> dict[str, Any]:
    """As `rollout_json`. running: null where nobody has said what runs."""
    at, hop = _named(row, names), _HOPS.get(row.state)
    return {
        "terminal": at.name, "device": row.device.hex(), "box": row.box or at.box, "wave": row.wave,
        "before": row.before or None, "running": row.running or None, "state": word_of(row.state.name),
        "says": hop.en if hop else None, "why": word_of(Why(row.why).name) if row.why else None,
        "verdict": word_of(Verdict(row.verdict).name) if row.verdict else None,
        "detail": row.detail.decode("utf-8", "replace"), "received": max(0, row.total - row.lacking) or None,
        "total": row.total or None, "sent_ms": row.sent_ms or None, "box_ms": row.box_ms or None,
        "begun_ms": row.begun_ms or None, "over_ms": row.over_ms or None,
    }  # fmt: skip


def view_json(view: FirmwareView, found: Sequence[RolloutView], names: Names, now: Now) -> dict[str, Any]:
    """All of it."""
    return {
        "releases": [release_json(one) for one in view.releases],
        "rollouts": [rollout_json(one, now) for one in found],
        "terminals": [
            {"terminal": _name(device, names), "model": model_text(model), "running": view.running.get(device) or None}
            for device, model in view.models.items()
        ],
    }


def _name(device: bytes, names: Mapping[bytes, Named]) -> str:
    return names[device].name if device in names else device.hex()


def _named(row: TerminalRow, names: Names) -> Named:
    return names.get(row.device, Named(row.device.hex(), "", ""))


def _runs(row: TerminalRow) -> Text:
    found = str(row.running or row.before)
    return Text(found, found) if row.running or row.before else _BUILT_IN


def _way_back(one: Release) -> Text | None:
    back = one.returns_to
    return Text(f"，即第 {back} 版的程序", f", the program of release {back}") if back else None


def _said(row: TerminalRow) -> Text | None:
    """Why it waits, how much has come, what it refused with."""
    if row.state is TerminalState.RECEIVING and row.total:
        text = f" {row.total - row.lacking}/{row.total}"
        return Text(text, text)
    if row.state is TerminalState.REFUSED:
        zh, en = VERDICTS.get(word_of(Verdict(row.verdict).name), ("", ""))
        return Text(f"：{zh}", f": {en}")
    why = WHYS.get(Why(row.why)) if row.state.is_out else None
    return Text(f"：{why.zh}", f": {why.en}") if why else None


def _hop(row: TerminalRow) -> Text | None:
    """Who has said so."""
    if row.state is TerminalState.AT_BOX:
        return Text(f"（网关 {row.box} 答）", f" (says box {row.box})")
    hop = _HOPS.get(row.state)
    return None if hop is None else Text(f"（{hop.zh}答）", f" (says the {hop.en})")


def _held_up(event: Event) -> Text | None:
    why = REASONS.get(event.kind)
    return None if why is None else Text(f"（{why.zh}）", f" ({why.en})")


def _beside(one: RolloutView) -> Text | None:
    rollout = one.rollout
    if rollout.returns:
        return Text(f"（退回升级 {rollout.returns}）", f" (takes roll-out {rollout.returns} back)")
    if rollout.retries:
        return Text(f"（重试升级 {rollout.retries}）", f" (roll-out {rollout.retries} again)")
    return None
