"""Firmware 固件 and its roll-outs 分批升级: what is here, what each terminal runs, waves, and why some do not use it.

A roll-out reaches all of a model, wherever they stand: whoever makes, stops or resumes one commands the whole campus.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from flask import abort, g, redirect, render_template, request, url_for

from cloud.console.access.rights import Right
from cloud.console.frame.export import csv_answer
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.table import Column, asked, listed
from cloud.console.frame.told import tell
from cloud.console.pages.devices.commands import campus_now
from cloud.console.pages.devices.deeds import REASON_MAX, DeedRefused
from cloud.console.pages.devices.devices import seen_rows
from cloud.console.words.catalogue import words
from cloud.fleet.rolling import Rollouts, in_turn, no_way_back, to_take_back
from cloud.ledger.fleet.firmware.door import FirmwareLedger
from cloud.ledger.fleet.firmware.releases import Release, model_text, release_text, way_back
from cloud.ledger.fleet.firmware.state import AGAIN, Phase, Rollout, TerminalRow, TerminalState, waves_of
from cloud.ledger.fleet.firmware.views import FirmwareView, RolloutView
from cloud.ledger.records.values import Now
from cloud.words.fleet.firmware import STATES, failure_text, phase_text, runs_text, standing_text
from shared.clocks.clock import time_text
from shared.errors import ConfigFault
from shared.words.voice import Language, Text

WAIT_S, RUN_S = 86_400, 14_400
STOP_PERCENT = 5
SHARES = {"100": (100,), "10-100": (10, 100), "10-50-100": (10, 50, 100), "5-25-50-100": (5, 25, 50, 100)}
"""Waves that one can choose from, per cent of all."""
CANARY_MAX = 50
Answer = dict[str, Any]
COLUMNS: tuple[Column[Answer], ...] = (
    Column("wave", lambda one: one["row"].wave, numeric=True),
    Column("terminal", lambda one: one["name"]),
    Column("place", lambda one: one["place"]),
    Column("box", lambda one: one["box"]),
    Column("runs_now", lambda one: one["runs"]),
    Column("answered", lambda one: one["said"]),
    Column("at_time", lambda one: one["at"]),
)


def _firmware(sources: Sources) -> Reply:
    now, clock = campus_now(sources), sources.clock()
    view, seen = sources.reader.firmware(), _seen(sources, now)
    running = Counter((view.models[d], view.running.get(d)) for d in view.models if d in seen)
    return render_template(
        "devices/firmware.html", releases=[_release(one) for one in reversed(view.releases)],
        rollouts=[_line(one) for one in reversed(sources.reader.rollouts(now))],
        running=[
            {"model": model_text(model), "release": release, "terminals": count}
            for (model, release), count in sorted(running.items(), key=lambda pair: (pair[0][0], -(pair[0][1] or 0)))
        ],
        shares=SHARES, may_act=g.signed.everywhere(Right.COMMAND), reason_max=REASON_MAX, canary_max=CANARY_MAX,
        as_of=time_text(now.campus_s), moment=lambda ms: time_text(int(clock.at(ms / 1000))),
    )  # fmt: skip


def _release(one: Release) -> dict[str, Any]:
    return {"text": one.text, "one": one, "model": model_text(one.model), "digest": one.digest.hex()}


def _line(one: RolloutView) -> dict[str, Any]:
    mark = {Phase.PAUSED: "warn", Phase.STOPPED: "bad", Phase.OVER: "off"}.get(one.phase, "ok")
    return {
        "view": one, "release": release_text(one.rollout.model, one.rollout.release), "phase": phase_text(one),
        "mark": mark, "left": one.total - one.done - one.failed,
    }  # fmt: skip


def _rollout(sources: Sources, number: int) -> Reply:
    now, wanted = campus_now(sources), asked(request.args, ("answer",))
    clock = sources.clock()
    view, rows, answers = _found(sources, number, now)
    kept = dict(wanted.kept).get("answer", "")
    chosen = [one for one in answers if not kept or one["row"].state.name.lower() == kept]
    counts = Counter(row.state for row in rows)
    states = [
        {
            "said": STATES[state], "rows": count, "is_on": name == kept, "mark": _mark(state),
            "link": wanted._replace(kept=() if name == kept else (("answer", name),)).link(),
        }
        for state, count in sorted(counts.items()) if (name := state.name.lower())
    ]  # fmt: skip
    failures = Counter(failure_text(row) for row in rows if row.state.is_failure)
    return render_template(
        "devices/rollout.html", list=listed(chosen, COLUMNS, wanted), line=_line(view), rollout=view.rollout,
        view=view, states=states, failures=failures.most_common(), waves=_waves(rows), as_of=time_text(now.campus_s),
        may_act=g.signed.everywhere(Right.COMMAND), reason_max=REASON_MAX, events=list(reversed(view.events)),
        can_stop=view.phase in (Phase.DUE, Phase.OPEN, Phase.PAUSED),
        can_resume=view.phase in (Phase.PAUSED, Phase.STOPPED),
        to_take_back=len(to_take_back(rows)), again=sum(row.state in AGAIN for row in rows),
        moment=lambda ms: time_text(int(clock.at(ms / 1000))),
    )  # fmt: skip


def _waves(rows: Sequence[TerminalRow]) -> list[dict[str, int]]:
    """How far each has come."""
    used = (TerminalState.IN_USE, TerminalState.ALREADY)
    return [
        {
            "wave": wave, "in_all": len(there), "done": sum(row.state in used for row in there),
            "failed": sum(row.state.is_failure for row in there),
        }
        for wave in sorted({row.wave for row in rows}) if (there := [row for row in rows if row.wave == wave])
    ]  # fmt: skip


def _rollout_csv(sources: Sources, number: int) -> Reply:
    said = words(g.language)
    answers = _found(sources, number, campus_now(sources))[2]
    return csv_answer(f"rollout-{number}", [said[column.name] for column in COLUMNS], COLUMNS, answers)


def _found(sources: Sources, number: int, now: Now) -> tuple[RolloutView, list[TerminalRow], list[Answer]]:
    """Rows of terminals that he sees; 404: there is none, or he sees none of it."""
    found, seen, clock = sources.reader.rollout(number, now), _seen(sources, now), sources.clock()
    rows = [row for row in found[1] if row.device in seen] if found else []
    if found is None or not rows:
        abort(404)
    answers = []
    for row in rows:
        at, last_ms = seen[row.device], row.over_ms or row.begun_ms or row.box_ms or row.sent_ms
        answers.append({
            "row": row, "name": at["name"], "place": at["place"], "box": row.box or at["box"],
            "runs": _spoken(runs_text(row)), "said": _spoken(standing_text(row)),
            "at": time_text(int(clock.at(last_ms / 1000))) if last_ms else "", "mark": _mark(row.state),
            "device": at["device"],
        })  # fmt: skip
    return (
        found[0],
        rows,
        sorted(answers, key=lambda one: (not one["row"].state.is_failure, one["row"].wave, one["name"])),
    )


def _mark(state: TerminalState) -> str:
    if state in (TerminalState.IN_USE, TerminalState.ALREADY):
        return "ok"
    return "bad" if state.is_failure else "warn" if state.is_out else "off"


# --- acts ------------------------------------------------------------------------------------------------------------


def _roll_out(sources: Sources) -> Reply:
    _require_all()
    view, named = sources.reader.firmware(), request.form.get("release", "")
    found = next((one for one in view.releases if one.text == named), None)
    if found is None:
        raise DeedRefused(Text("没有这个固件", "there is no such release"))
    devices = [device for device, model in view.models.items() if model == found.model]
    if not devices:
        raise DeedRefused(Text("没有这种型号的终端", "there is no terminal of this model"))
    return _made(sources, found, in_turn(found.digest, devices), "roll-out")


def _roll_back(sources: Sources, number: int) -> Reply:
    """Stopped if it was not, and a way back that the officers have signed goes to whoever uses it, or may."""
    _require_all()
    view, one, rows = _there(sources, number)
    back = way_back(view.releases, one.rollout.model, one.rollout.release)
    if back is None:
        raise no_way_back(one.rollout)
    devices = to_take_back(rows)
    if not devices:
        raise DeedRefused(Text("没有可退的终端", "there is no terminal to take back"))
    if not one.is_over:
        _stop_it(sources, number)
    return _made(sources, back, devices, "roll-back", returns=number)


def _retry_rollout(sources: Sources, number: int) -> Reply:
    _require_all()
    view, one, rows = _there(sources, number)
    model, release = one.rollout.model, one.rollout.release
    found = next((it for it in view.releases if (it.model, it.release) == (model, release)), None)
    devices = [row.device for row in rows if row.state in AGAIN]
    if found is None or not devices:
        raise DeedRefused(Text("没有可重试的终端", "there is no terminal to try again"))
    return _made(sources, found, devices, "retry", retries=number)


def _stop_rollout(sources: Sources, number: int) -> Reply:
    _require_all()
    _there(sources, number)
    _stop_it(sources, number)
    tell(f"rollout:{number}", Text(f"停止升级 {number}：{_reason()}", f"roll-out {number} stopped: {_reason()}"))
    return redirect(url_for("rollout", number=number))


def _resume_rollout(sources: Sources, number: int) -> Reply:
    _require_all()
    _there(sources, number)
    reason = _reason()
    with sources.books() as opened, sources.signer() as signer:
        Rollouts(FirmwareLedger(opened), signer).resume(number, g.signed.name, reason, campus_now(sources))
    tell(f"rollout:{number}", Text(f"继续升级 {number}：{reason}", f"roll-out {number} goes on: {reason}"))
    return redirect(url_for("rollout", number=number))


def _stop_it(sources: Sources, number: int) -> None:
    with sources.books() as opened:
        FirmwareLedger(opened).stop(number, g.signed.name, _reason(), campus_now(sources))


def _made(
    sources: Sources, found: Release, devices: Sequence[bytes], act: str, *, returns: int = 0, retries: int = 0
) -> Reply:
    reason, canary, shares = _reason(), _canary(), SHARES.get(request.form.get("shares", "100"))
    if shares is None:
        abort(400)
    if request.form.get("count", "").strip() != str(len(devices)):
        raise DeedRefused(Text(f"请输入台数 {len(devices)}", f"type the count: {len(devices)}"))
    wanted = Rollout(
        0, found.model, found.release, g.signed.name, reason, 0, canary, ",".join(f"{one}%" for one in shares),
        STOP_PERCENT, 1, WAIT_S * 1000, RUN_S * 1000, returns, retries,
    )  # fmt: skip
    with sources.books() as opened, sources.signer() as signer:
        rollouts = Rollouts(FirmwareLedger(opened), signer)
        number = rollouts.make(wanted, found, waves_of(devices, canary, shares), campus_now(sources))
    tell(
        f"rollout:{number}",
        Text(
            f"固件 {found.text} 到 {len(devices)} 台：{reason}",
            f"firmware {found.text} to {len(devices)}: {reason} ({act})",
        ),
    )
    return redirect(url_for("rollout", number=number))


def _there(sources: Sources, number: int) -> tuple[FirmwareView, RolloutView, list[TerminalRow]]:
    found = sources.reader.rollout(number, campus_now(sources))
    if found is None:
        abort(404)
    return sources.reader.firmware(), *found


def _require_all() -> None:
    if not g.signed.everywhere(Right.COMMAND):
        abort(403)


def _canary() -> int:
    text = request.form.get("canary", "") or "0"
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= CANARY_MAX):
        raise ConfigFault(Text(f"先行台数应为 0 到 {CANARY_MAX}", f"the first few are 0 to {CANARY_MAX}"))
    return int(text)


def _reason() -> str:
    reason = request.form.get("reason", "").strip()
    if not reason or len(reason) > REASON_MAX:
        raise DeedRefused(Text(f"请写缘由，至多 {REASON_MAX} 字", f"give a reason, {REASON_MAX} characters at most"))
    return reason


def _seen(sources: Sources, now: Now) -> dict[bytes, dict[str, Any]]:
    return {bytes.fromhex(row["device"]): row for row in seen_rows(sources, now.unix_ms)}


def _spoken(said: Text) -> str:
    return said.in_language(Language(g.language))


PAGES = (
    Page("firmware", "/firmware", Right.SEE_CAMPUS, _firmware, Menu.DEVICES),
    Page("rollout", "/rollouts/<int:number>", Right.SEE_CAMPUS, _rollout),
    Page("rollout_csv", "/rollouts/<int:number>.csv", Right.SEE_CAMPUS, _rollout_csv),
    Page("roll_out", "/rollouts", Right.COMMAND, _roll_out, writes=True),
    Page("stop_rollout", "/rollouts/<int:number>/stop", Right.COMMAND, _stop_rollout, writes=True),
    Page("resume_rollout", "/rollouts/<int:number>/resume", Right.COMMAND, _resume_rollout, writes=True),
    Page("roll_back", "/rollouts/<int:number>/back", Right.COMMAND, _roll_back, writes=True),
    Page("retry_rollout", "/rollouts/<int:number>/retry", Right.COMMAND, _retry_rollout, writes=True),
)
