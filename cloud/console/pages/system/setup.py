"""The first steps 设置向导 as a page, and the part of it that stands above the overview until all is done."""

from typing import Any

from flask import abort, current_app, g, redirect, render_template, request, url_for

from cloud.console.access.rights import Right, Signed
from cloud.console.frame.page import PAGES as DECLARED
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.told import tell
from cloud.console.frame.undo import Undoable, offered, undos
from cloud.console.pages.sign_in import now
from cloud.console.pages.system.once import once
from cloud.console.pages.system.services import moment
from cloud.console.pages.system.steps import Done, Step, dismiss, is_dismissed, steps
from shared.words.voice import Text

UNDO = "setup"
"""The kind of what can be taken back here."""
KEPT_S = 5.0
MARKS = {Done.YES: "ok", Done.NO: "warn", Done.UNKNOWN: "off"}


def left(sources: Sources) -> list[Step]:
    """What is still to be done, for whoever does it; nothing for others, and once an administrator has put it away."""
    signed: Signed = g.signed
    if not signed.may(Right.DOCK):
        return []
    is_away, found = once().ask("setup-left", KEPT_S, lambda: (is_dismissed(sources), steps(sources)))
    return [] if is_away else [one for one in found if one.done is not Done.YES]


def _setup(sources: Sources) -> Reply:
    found = steps(sources)
    return render_template(
        "system/setup.html", steps=found, marks=MARKS, done=sum(one.done is Done.YES for one in found),
        is_away=is_dismissed(sources), there=_there(), moment=moment, now_ms=now() * 1000,
    )  # fmt: skip


def _there() -> set[str]:
    """Addresses of pages that there are, and that he may see."""
    return {page.rule for page in current_app.config[DECLARED] if g.signed.may(page.right) and not page.writes}


def _put_away(sources: Sources) -> Reply:
    away = request.form.get("away") == "1"
    _put(sources, away=away)
    said = (
        Text("收起设置向导", "put the first steps away") if away else Text("重新显示设置向导", "showed the first steps")
    )
    tell("setup", said)
    one = Undoable(UNDO, said, not away, url_for("setup"))
    return redirect(offered(url_for("setup"), undos(sources.file).keep(g.signed.name, one, now() * 1000)))


def _put(sources: Sources, *, away: bool) -> None:
    dismiss(sources, g.signed.name, now(), away=away)
    once().forget("setup-left")


def take_back(sources: Sources, payload: Any) -> None:  # noqa: ANN401 - as JSON has it
    """The first steps are shown, or not, as before."""
    if not g.signed.may(Right.SET_PEOPLE):
        abort(403)
    _put(sources, away=bool(payload))
    tell("setup", Text("撤消：设置向导如前", "took back: the first steps are as before"))


PAGES = (
    Page("setup", "/setup", Right.DOCK, _setup, Menu.SYSTEM),
    Page("put_setup_away", "/setup/away", Right.SET_PEOPLE, _put_away, writes=True),
)
