"""Undo 撤消: takes back what the page before has offered, once, by whoever did it."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from flask import g, redirect, render_template, request

from cloud.console.access.rights import Right
from cloud.console.frame.page import Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.undo import undos
from cloud.console.pages.alarms import acts
from cloud.console.pages.home import saved
from cloud.console.pages.system import setup

DOORS: Mapping[str, Callable[[Sources, Any], None]] = {
    acts.UNDO: acts.take_back, saved.UNDO: saved.take_back, setup.UNDO: setup.take_back,
}  # fmt: skip


def _undo(sources: Sources) -> Reply:
    """Each door asks for the rights that the act itself took."""
    one = undos(sources.file).take(request.form.get("undo", ""), g.signed.name, int(time.time() * 1000))
    if one is None or one.kind not in DOORS:
        return render_template("message.html", text="undo_over"), 409
    DOORS[one.kind](sources, one.payload)
    return redirect(one.back)


PAGES = (Page("undo", "/undo", Right.SELF, _undo, writes=True),)
