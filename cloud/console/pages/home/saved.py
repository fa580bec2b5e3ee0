"""Saved views 常用视图: give the present address a name, find it in the menu, forget it."""

import re
import time
from typing import Any

from flask import g, redirect, render_template, request, url_for

from cloud.console.access.rights import Right, Signed
from cloud.console.frame.page import Page, Reply
from cloud.console.frame.saved import ADDRESS_MAX, NAME_MAX, SavedView, saved_views
from cloud.console.frame.sources import Sources
from cloud.console.frame.told import tell
from cloud.console.frame.undo import Undoable, offered, undos
from shared.words.voice import Text

_UNDO = re.compile(r"(?<=[?&])undo=[^&]*&?")
UNDO = "view"
"""The kind of what can be taken back here."""


def _saved(sources: Sources) -> Reply:
    return _page(sources), 200


def _page(sources: Sources, fault: str = "") -> str:
    signed: Signed = g.signed
    address = _own(request.values.get("at", ""))
    return render_template(
        "home/saved.html",
        mine=saved_views(sources.file).of(signed.name),
        address=address,
        fault=fault,
        name_max=NAME_MAX,
    )


def _save(sources: Sources) -> Reply:
    signed: Signed = g.signed
    name, address = request.form.get("name", "").strip()[:NAME_MAX], _own(request.form.get("at", ""))
    if not name or not address:
        return _page(sources, "view_unnamed"), 400
    before = _address_of(sources, name)
    if not saved_views(sources.file).save(signed.name, SavedView(name, address)):
        return _page(sources, "views_full"), 409
    said = Text(f"保存视图 {name}", f"saved the view {name}")
    tell(f"view:{name}", said)
    return redirect(_offered(sources, said, (name, before), address))


def _forget(sources: Sources) -> Reply:
    signed: Signed = g.signed
    name = request.form.get("name", "")[:NAME_MAX]
    before = _address_of(sources, name)
    saved_views(sources.file).forget(signed.name, name)
    said = Text(f"删除视图 {name}", f"forgot the view {name}")
    tell(f"view:{name}", said)
    return redirect(_offered(sources, said, (name, before), url_for("saved_views")))


def _address_of(sources: Sources, name: str) -> str:
    """'' where he has none of this name."""
    signed: Signed = g.signed
    return next((one.address for one in saved_views(sources.file).of(signed.name) if one.name == name), "")


def _offered(sources: Sources, said: Text, payload: tuple[str, str], back: str) -> str:
    one = Undoable(UNDO, said, payload, back)
    return offered(back, undos(sources.file).keep(g.signed.name, one, int(time.time() * 1000)))


def take_back(sources: Sources, payload: Any) -> None:  # noqa: ANN401 - as JSON has it
    """The view of this name is as it was, or is not there."""
    name, before = payload
    signed: Signed = g.signed
    if before:
        saved_views(sources.file).save(signed.name, SavedView(name, before))
    else:
        saved_views(sources.file).forget(signed.name, name)
    tell(f"view:{name}", Text(f"撤消视图的更改 {name}", f"took back a change of the view {name}"))


def _own(path: str) -> str:
    """A path of ours without what only the next page is offered, or nothing."""
    path = _UNDO.sub("", path[:ADDRESS_MAX]).rstrip("?&")
    is_ours = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if is_ours else ""


PAGES = (
    Page("saved_views", "/views", Right.SELF, _saved),
    Page("save_view", "/views/save", Right.SELF, _save, writes=True),
    Page("forget_view", "/views/forget", Right.SELF, _forget, writes=True),
)
