"""The knob of limit control 限额调控: how much a card may spend on a day at most, for some days; becomes a draft.

As every draft it is tried on history, proposed to a second person, and ends by itself. Nothing is lifted by it, and
nobody is left with less than a meal.
"""

from typing import Any

from flask import g, redirect, render_template, request, url_for

from cloud.console.access.rights import Right
from cloud.console.frame.page import Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.told import tell
from cloud.console.pages.devices.commands import campus_now
from cloud.console.pages.parameters.trying import Refusal, drafts, newest_push, require_maker
from cloud.fleet.pushing import lowered_to
from cloud.ledger.fleet.parameters.door import ParameterLedger
from cloud.ledger.fleet.parameters.rows import PushKind
from cloud.ledger.held.two_persons import ProposalKind
from cloud.parameters.floor import ONE_MEAL_FEN
from shared.clocks.clock import time_text
from shared.errors import ConfigFault, WireFault, YktError
from shared.input.amount import parse_amount
from shared.money import yuan
from shared.words.voice import Text, told_by


def _form(sources: Sources) -> Reply:
    require_maker()
    return _shown(sources, {"yuan": "", "to": "all", "box": []})


def _shown(sources: Sources, typed: dict[str, Any], fault: YktError | None = None) -> Reply:
    now = campus_now(sources)
    proposals = [one for one in sources.reader.proposals() if one.kind is ProposalKind.TIGHTER]
    page = render_template(
        "devices/lower.html", typed=typed, fault=told_by(fault) if fault else None, boxes=sources.reader.boxes(),
        waiting=sum(one.waits(now.unix_ms) for one in proposals), least=yuan(ONE_MEAL_FEN),
        as_of=time_text(now.campus_s), may_see_exposure=g.signed.everywhere(Right.SEE_BOOKS),
    )  # fmt: skip
    return (page, 422) if fault else page


def _lower(sources: Sources) -> Reply:
    """A fault is shown beside what was typed; what is right is a draft, shown with what it would have refused."""
    require_maker()
    form, now = request.form, campus_now(sources)
    typed: dict[str, Any] = {"yuan": form.get("yuan", "").strip()[:20], "to": form.get("to", "")}
    typed["box"] = form.getlist("box")
    try:
        fen = parse_amount(typed["yuan"])
        with sources.books() as opened:
            ledger = ParameterLedger(opened)
            file, found = lowered_to(ledger, fen, _devices(ledger, typed))
            behind = newest_push(ledger)
    except (ConfigFault, WireFault) as fault:
        return _shown(sources, typed, fault)
    devices = [one.position.device for one in found]
    number = drafts(sources).keep(g.signed.name, file.text, PushKind.PUSH, devices, behind, now.unix_ms)
    tell(
        "parameters:draft",
        Text(
            f"草拟每卡当日至多 ¥{yuan(fen)}，{len(devices)} 台终端",
            f"a draft: ¥{yuan(fen)} a card and day at most, at {len(devices)} terminals",
        ),
    )
    return redirect(url_for("parameter_draft", number=number))


def _devices(ledger: ParameterLedger, typed: dict[str, Any]) -> list[bytes] | None:
    """None: all. Refusal: nobody was chosen."""
    if typed["to"] == "all":
        return None
    found = [one.device for one in ledger.positions() if one.box in typed["box"]]
    if not found:
        raise Refusal(Text("请选择在哪里调低", "choose where limits go down"))
    return found


PAGES = (
    Page("limits_lower", "/parameters/lower", Right.COMMAND, _form, whole=True),
    Page("lower_limits", "/parameters/lower", Right.COMMAND, _lower, writes=True, whole=True),
)
