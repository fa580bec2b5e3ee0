"""Saved views 常用视图: give the present address a name, find it in the menu, forget it."""

from flask import g, redirect, render_template, request, url_for

from cloud.console.access.rights import Right, Signed
from cloud.console.frame.page import Page, Reply
from cloud.console.frame.saved import ADDRESS_MAX, NAME_MAX, SavedView, saved_views
from cloud.console.frame.sources import Sources
from cloud.console.frame.told import tell
from shared.words.voice import Text


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
    if not saved_views(sources.file).save(signed.name, SavedView(name, address)):
        return _page(sources, "views_full"), 409
    tell(f"view:{name}", Text(f"保存视图 {name}", f"saved the view {name}"))
    return redirect(address)


def _forget(sources: Sources) -> Reply:
    signed: Signed = g.signed
    name = request.form.get("name", "")[:NAME_MAX]
    saved_views(sources.file).forget(signed.name, name)
    tell(f"view:{name}", Text(f"删除视图 {name}", f"forgot the view {name}"))
    return redirect(url_for("saved_views"))


def _own(path: str) -> str:
    """A path of ours, or nothing."""
    path = path[:ADDRESS_MAX].removesuffix("?")
    is_ours = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if is_ours else ""


PAGES = (
    Page("saved_views", "/views", Right.SELF, _saved),
    Page("save_view", "/views/save", Right.SELF, _save, writes=True),
    Page("forget_view", "/views/forget", Right.SELF, _forget, writes=True),
)
