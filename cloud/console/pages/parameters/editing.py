"""The campus file edited as fields, as text, or sent; an earlier push taken up again. Each becomes a draft."""

from collections.abc import Sequence
from typing import Any

from flask import abort, g, redirect, render_template, request, url_for

from cloud.console.access.rights import Right
from cloud.console.frame.page import Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.told import tell
from cloud.console.pages.devices.commands import campus_now
from cloud.console.pages.parameters.sheets import COUNTS, RULE, SUMS, WHERE, sheet_of, text_of
from cloud.console.pages.parameters.trying import Refusal, drafts, newest_push, push_of, require_maker
from cloud.fleet.pushing import targets_of
from cloud.ledger.fleet.parameters.door import ParameterLedger
from cloud.ledger.fleet.parameters.rows import PushKind
from cloud.ledger.records.values import Now
from cloud.parameters.campus_file import read_file
from shared.clocks.clock import time_text
from shared.errors import ConfigFault, YktError
from shared.words.voice import Text

EMPTY = 'format = 1\ntitle = ""\n'


def _edit(sources: Sources) -> Reply:
    """The file that was pushed last, or that of a push."""
    require_maker()
    with sources.books() as opened:
        history = ParameterLedger(opened).history()
    wanted = request.args.get("push", "")
    found = [kept.text for push, kept in history if not wanted or str(push.number) == wanted]
    if wanted and not found:
        abort(404)
    return _form(sources, found[-1] if found else EMPTY, {"to": "all"})


def _form(sources: Sources, text: str, chosen: dict[str, Any], fault: YktError | None = None) -> Reply:
    try:
        sheet = sheet_of(text)
    except ConfigFault as broken:
        sheet, fault = None, fault or broken
    is_text = request.values.get("as") == "text" or sheet is None
    page = render_template(
        "devices/edit.html", text=text, sheet=sheet, is_text=is_text, fault=fault.args[0] if fault else None,
        boxes=sources.reader.boxes(), chosen=chosen, where=WHERE, sums=SUMS, counts=COUNTS, rule=RULE,
        as_of=time_text(campus_now(sources).campus_s),
    )  # fmt: skip
    return (page, 422) if fault else page


def _try(sources: Sources) -> Reply:
    """Read, checked, resolved for each of the terminals; kept as a draft. A fault is shown beside what was typed."""
    require_maker()
    form, now = request.form, campus_now(sources)
    text = form.get("text", "").replace("\r\n", "\n")
    chosen = {"to": form.get("to", ""), "box": form.getlist("box"), "names": form.get("names", "")}
    try:
        text = _sent() or (text if form.get("as") == "text" else text_of(text, form))
        file = read_file(text)
        with sources.books() as opened:
            ledger = ParameterLedger(opened)
            devices = _chosen(ledger, chosen)
            targets_of(ledger, file, devices)
            behind = newest_push(ledger)
    except ConfigFault as fault:
        return _form(sources, text, chosen, fault)
    return _kept(sources, text, PushKind.PUSH, devices, behind, now)


def _sent() -> str:
    """Of the file that was sent; empty: there was none."""
    found = request.files.get("file")
    try:
        return found.read().decode("utf-8").replace("\r\n", "\n") if found and found.filename else ""
    except UnicodeDecodeError as fault:
        raise Refusal(Text("文件不是 UTF-8", "the file is not UTF-8")) from fault


def _chosen(ledger: ParameterLedger, chosen: dict[str, Any]) -> list[bytes]:
    """ConfigFault: nobody, or somebody that there is not."""
    positions = ledger.positions()
    names = {one.strip() for one in chosen["names"].replace("，", ",").replace("、", ",").split(",") if one.strip()}
    unknown = sorted(names - {one.name for one in positions})
    if chosen["to"] == "names" and unknown:
        raise Refusal(Text(f"没有终端 {unknown[0][:40]}", f"there is no terminal {unknown[0][:40]}"))
    found = {
        "all": positions,
        "boxes": [one for one in positions if one.box in chosen["box"]],
        "names": [one for one in positions if one.name in names],
    }.get(chosen["to"], [])
    if not found:
        raise Refusal(Text("请选择发给哪些终端", "choose the terminals that it goes to"))
    return [one.device for one in found]


def _kept(sources: Sources, text: str, kind: PushKind, devices: Sequence[bytes], behind: int, now: Now) -> Reply:
    number = drafts(sources).keep(g.signed.name, text, kind, devices, behind, now.unix_ms)
    tell(
        "parameters:draft",
        Text(f"参数草稿，{len(devices)} 台终端", f"a draft of parameters for {len(devices)} terminals"),
    )
    return redirect(url_for("parameter_draft", number=number))


def _again(sources: Sources, number: int) -> Reply:
    """A draft of what that push said to the same terminals, or to those that still wait behind a canary."""
    require_maker()
    is_rest, now = request.form.get("to") == "left", campus_now(sources)
    with sources.books() as opened:
        ledger = ParameterLedger(opened)
        push, kept, behind = *push_of(ledger, number), newest_push(ledger)
    devices = push.left if is_rest else push.targets
    if not devices:
        raise Refusal(Text(f"第 {number} 次下发没有待续的终端", f"push {number} has no terminals that wait"))
    kind = PushKind.CONTINUE if is_rest else PushKind.ROLLBACK
    return _kept(sources, kept, kind, devices, behind, now)


PAGES = (
    Page("parameter_edit", "/parameters/edit", Right.COMMAND, _edit),
    Page("parameter_try", "/uploads/parameters", Right.COMMAND, _try, writes=True),
    Page("push_again", "/parameters/pushes/<int:number>/again", Right.COMMAND, _again, writes=True),
)
