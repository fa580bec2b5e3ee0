"""Firmware 固件 and its roll-outs 分批升级: what is here, what each terminal runs, waves, and why some do not use it.

A roll-out reaches all of a model, wherever they stand.
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
from cloud.console.pages.devices.deeds import DeedRefused
from cloud.console.pages.devices.devices import seen_rows
from cloud.console.pages.rollouts.rolling import (
    Acts,
    asked_of_form,
    how_to_ask,
    line_of,
    mark_of,
    moments,
    reason_of_form,
    require_all,
    require_count,
    shown_of,
    spoken,
    states_of,
)
from cloud.console.words.catalogue import words
from cloud.fleet.rolling import (
    TO_TAKE_BACK,
    TO_TRY_AGAIN,
    Rollouts,
    in_turn,
    no_way_back,
    nobody_left,
    to_take_back,
    to_try_again,
)
from cloud.ledger.fleet.firmware.door import FirmwareLedger
from cloud.ledger.fleet.firmware.releases import Release, model_text, release_text, way_back
from cloud.ledger.fleet.firmware.state import TerminalRow, waves_of
from cloud.ledger.fleet.firmware.views import FirmwareView, RolloutView
from cloud.ledger.records.values import Now
from cloud.words.fleet.firmware import STATES, failure_text, runs_text, standing_text
from shared.clocks.clock import time_text
from shared.words.voice import Text

ACTS = Acts("firmware", "rollout", "rollout_csv", "stop_rollout", "resume_rollout", "roll_back", "retry_rollout")
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
    now = campus_now(sources)
    view, seen = sources.reader.fleet.firmware(), _seen(sources, now)
    running = Counter((view.models[d], view.running.get(d)) for d in view.models if d in seen)
    return render_template(
        "rollouts/firmware.html", releases=[_release(one) for one in reversed(view.releases)],
        rollouts=[_line(one) for one in reversed(sources.reader.fleet.rollouts(now))], acts=ACTS,
        running=[
            {"model": model_text(model), "release": release, "terminals": count}
            for (model, release), count in sorted(running.items(), key=lambda pair: (pair[0][0], -(pair[0][1] or 0)))
        ],
        as_of=time_text(now.campus_s), moment=moments(sources), **how_to_ask(),
    )  # fmt: skip


def _release(one: Release) -> dict[str, Any]:
    return {"text": one.text, "one": one, "model": model_text(one.model), "digest": one.digest.hex()}


def _line(one: RolloutView) -> dict[str, Any]:
    return line_of(one, release_text(one.rollout.model, one.rollout.release))


def _rollout(sources: Sources, number: int) -> Reply:
    now, wanted = campus_now(sources), asked(request.args, ("answer",))
    view, rows, answers = _found(sources, number, now)
    kept = dict(wanted.kept).get("answer", "")
    chosen = [one for one in answers if not kept or one["row"].state.name.lower() == kept]
    failures = Counter(failure_text(row) for row in rows if row.state.is_failure)
    return render_template(
        "rollouts/rollout.html", list=listed(chosen, COLUMNS, wanted), line=_line(view), acts=ACTS,
        states=states_of(rows, wanted, STATES), failures=failures.most_common(), as_of=time_text(now.campus_s),
        to_take_back=len(to_take_back(rows)), again=len(to_try_again(rows)), moment=moments(sources),
        **shown_of(view, rows),
    )  # fmt: skip


def _rollout_csv(sources: Sources, number: int) -> Reply:
    said = words(g.language)
    answers = _found(sources, number, campus_now(sources))[2]
    return csv_answer(f"rollout-{number}", [said[column.name] for column in COLUMNS], COLUMNS, answers)


def _found(sources: Sources, number: int, now: Now) -> tuple[RolloutView, list[TerminalRow], list[Answer]]:
    """Rows of terminals that he sees; 404: there is none, or he sees none of it."""
    found, seen, moment = sources.reader.fleet.rollout(number, now), _seen(sources, now), moments(sources)
    rows = [row for row in found[1] if row.device in seen] if found else []
    if found is None or not rows:
        abort(404)
    answers = []
    for row in rows:
        at, last_ms = seen[row.device], row.over_ms or row.begun_ms or row.box_ms or row.sent_ms
        answers.append({
            "row": row, "name": at["name"], "place": at["place"], "box": row.box or at["box"],
            "runs": spoken(runs_text(row)), "said": spoken(standing_text(row)), "at": moment(last_ms),
            "mark": mark_of(row.state), "link": url_for("device", device=at["device"]),
        })  # fmt: skip
    worst_first = sorted(answers, key=lambda one: (not one["row"].state.is_failure, one["row"].wave, one["name"]))
    return found[0], rows, worst_first


# --- acts ------------------------------------------------------------------------------------------------------------


def _roll_out(sources: Sources) -> Reply:
    require_all()
    view, named = sources.reader.fleet.firmware(), request.form.get("release", "")
    found = next((one for one in view.releases if one.text == named), None)
    if found is None:
        raise DeedRefused(Text("没有这个固件", "there is no such release"))
    devices = [device for device, model in view.models.items() if model == found.model]
    if not devices:
        raise DeedRefused(Text("没有这种型号的终端", "there is no terminal of this model"))
    return _made(sources, found, in_turn(found.digest, devices), "roll-out")


def _roll_back(sources: Sources, number: int) -> Reply:
    """Stopped if it was not, and a way back that the officers have signed goes to whoever uses it, or may."""
    require_all()
    view, one, rows = _there(sources, number)
    back = way_back(view.releases, one.rollout.model, one.rollout.release)
    if back is None:
        raise no_way_back(one.rollout)
    devices = to_take_back(rows)
    if not devices:
        raise nobody_left(number, TO_TAKE_BACK)
    if not one.is_over:
        _stop_it(sources, number)
    return _made(sources, back, devices, "roll-back", returns=number)


def _retry_rollout(sources: Sources, number: int) -> Reply:
    require_all()
    view, one, rows = _there(sources, number)
    model, release = one.rollout.model, one.rollout.release
    found = next((it for it in view.releases if (it.model, it.release) == (model, release)), None)
    devices = to_try_again(rows)
    if found is None or not devices:
        raise nobody_left(number, TO_TRY_AGAIN)
    return _made(sources, found, devices, "retry", retries=number)


def _stop_rollout(sources: Sources, number: int) -> Reply:
    require_all()
    _there(sources, number)
    _stop_it(sources, number)
    reason = reason_of_form()
    tell(f"rollout:{number}", Text(f"停止升级 {number}：{reason}", f"roll-out {number} stopped: {reason}"))
    return redirect(url_for("rollout", number=number))


def _resume_rollout(sources: Sources, number: int) -> Reply:
    require_all()
    _there(sources, number)
    reason = reason_of_form()
    with sources.books() as opened, sources.signer() as signer:
        Rollouts(FirmwareLedger(opened), signer).resume(number, g.signed.name, reason, campus_now(sources))
    tell(f"rollout:{number}", Text(f"继续升级 {number}：{reason}", f"roll-out {number} goes on: {reason}"))
    return redirect(url_for("rollout", number=number))


def _stop_it(sources: Sources, number: int) -> None:
    with sources.books() as opened:
        FirmwareLedger(opened).stop(number, g.signed.name, reason_of_form(), campus_now(sources))


def _made(
    sources: Sources, found: Release, devices: Sequence[bytes], act: str, *, returns: int = 0, retries: int = 0
) -> Reply:
    how = asked_of_form()
    require_count(len(devices))
    wanted = how.rollout(found.model, found.release, returns=returns, retries=retries)
    with sources.books() as opened, sources.signer() as signer:
        rollouts = Rollouts(FirmwareLedger(opened), signer)
        number = rollouts.make(wanted, found, waves_of(devices, how.canary, how.waves), campus_now(sources))
    tell(
        f"rollout:{number}",
        Text(
            f"固件 {found.text} 到 {len(devices)} 台：{how.reason}",
            f"firmware {found.text} to {len(devices)}: {how.reason} ({act})",
        ),
    )
    return redirect(url_for("rollout", number=number))


def _there(sources: Sources, number: int) -> tuple[FirmwareView, RolloutView, list[TerminalRow]]:
    found = sources.reader.fleet.rollout(number, campus_now(sources))
    if found is None:
        abort(404)
    return sources.reader.fleet.firmware(), *found


def _seen(sources: Sources, now: Now) -> dict[bytes, dict[str, Any]]:
    return {bytes.fromhex(row["device"]): row for row in seen_rows(sources, now.unix_ms)}


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
