"""The mapping file of docked devices that speak JSON: shown, tried with the line of what is wrong, put in force."""

import time

from flask import g, redirect, render_template, request, url_for

from cloud.console.access.rights import Right
from cloud.console.frame.page import Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.told import tell
from cloud.console.pages.system.integrations import opened
from cloud.console.pages.system.services import moment
from cloud.watch.docking.mapping.template import read_template
from cloud.watch.pushes import TEMPLATES
from shared.errors import ConfigFault
from shared.input.functions import Function
from shared.words.voice import Text, told_by

WHY_MAX = 200
SAMPLE = """format = 1

[[map]]
account = "meter-1"
topic = "power"
silent = "5m"

[[map.metric]]
path = "data.kwh"
name = "Energy"
type = "number"
unit = "kWh"
"""


def _mapping(sources: Sources) -> Reply:
    with opened(sources) as store, store.db.reading():
        text = TEMPLATES.in_force(store.db)
    return _page(sources, text)


def _page(sources: Sources, text: str, fault: Text | None = None, good: Text | None = None, status: int = 200) -> Reply:
    with opened(sources) as store, store.db.reading():
        history = TEMPLATES.history(store.db)
    return render_template(
        "system/mapping.html", text=text, fault=fault, good=good, history=history, sample=SAMPLE, moment=moment
    ), status


def _check(sources: Sources) -> Reply:
    """Change nothing; say what is wrong, and in which line."""
    text = _text()
    try:
        good = _counted(text)
    except ConfigFault as fault:
        return _page(sources, text, fault=told_by(fault), status=400)
    return _page(sources, text, good=good)


def _push(sources: Sources) -> Reply:
    """In force for the dock's next look; one that is wrong changes nothing."""
    text, why = _text(), request.form.get("why", "").strip()[:WHY_MAX]
    try:
        _counted(text)
    except ConfigFault as fault:
        return _page(sources, text, fault=told_by(fault), status=400)
    _put(sources, text, why)
    return redirect(url_for("mapping"))


def _back(sources: Sources) -> Reply:
    """An earlier one again, under a new number."""
    asked = request.form.get("number", "")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 0
    with opened(sources) as store, store.db.reading():
        text = TEMPLATES.text_of(store.db, number)
    _put(sources, text, f"← {number}")
    return redirect(url_for("mapping"))


def _put(sources: Sources, text: str, why: str) -> None:
    with opened(sources) as store, store.db.writing():
        number = TEMPLATES.push(store.db, int(time.time() * 1000), g.signed.name, why, text)
    tell(f"mapping:{number}", Text(f"映射第 {number} 次推送 {why}", f"push {number} of the mapping {why}"))


def _text() -> str:
    return request.form.get("text", "").replace("\r\n", "\n")


def _counted(text: str) -> Text:
    """ConfigFault, with line, key and reason."""
    found = read_template(text)
    picks = sum(len(one.picks) for one in found)
    return Text(f"有效：{len(found)} 段，{picks} 个指标", f"valid: {len(found)} maps, {picks} metrics")


PAGES = (
    Page("mapping", "/integrations/mapping", Right.DOCK, _mapping, needs=Function.DOCKING),
    Page("mapping_check", "/integrations/mapping/check", Right.DOCK, _check, writes=True, needs=Function.DOCKING),
    Page("mapping_push", "/integrations/mapping/push", Right.DOCK, _push, writes=True, needs=Function.DOCKING),
    Page("mapping_back", "/integrations/mapping/back", Right.DOCK, _back, writes=True, needs=Function.DOCKING),
)
