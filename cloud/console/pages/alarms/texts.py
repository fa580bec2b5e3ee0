"""A text that people push (rules, who is told, groups): edited on a page, checked by line, compared, pushed, undone.

Nothing is in force before it was shown with its check and its difference. ConfigFault: nothing has changed.
"""

from collections.abc import Callable
from typing import NamedTuple

from flask import abort, redirect, render_template, request, url_for

from cloud.console.access.rights import Right
from cloud.console.frame.page import Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.told import tell
from cloud.console.pages.alarms.acts import be_known
from cloud.console.pages.alarms.reading import moment, now_ms
from cloud.watch.people import texts
from cloud.watch.people.texts import Check, Checked
from cloud.watch.pushes import Pushes
from cloud.watch.store import WatchStore
from shared.errors import ConfigFault
from shared.words.voice import Text

WHY_MAX = 200
NUMBER_DIGITS = 6


class Tried(NamedTuple):
    """What one thing of the text would have done. is_bad: it would have flooded a person."""

    name: str
    said: str
    is_bad: bool
    times: list[str]


Trying = Callable[[Sources, WatchStore, str], list[Tried]]


class Edited(NamedTuple):
    """One kind of text. name: of its pages, `rules`: its list is the page of that name. check: made for a request.
    example: what stands in the field where nothing was pushed yet. tries: None: there is nothing to try."""

    name: str
    right: Right
    pushes: Pushes
    words: Text
    check: Callable[[Sources], Check]
    example: str
    tries: Trying | None = None


def pages(kind: Edited) -> tuple[Page, ...]:
    """Its four pages."""
    at, right = f"/{kind.name}", kind.right
    return (
        Page(f"{kind.name}_edit", f"{at}/edit", right, lambda sources: _edit(sources, kind)),
        Page(f"{kind.name}_check", f"{at}/edit", right, lambda sources: _check(sources, kind), writes=True),
        Page(f"{kind.name}_push", f"{at}/push", right, lambda sources: _push(sources, kind), writes=True),
        Page(f"{kind.name}_back", f"{at}/back", right, lambda sources: _back(sources, kind), writes=True),
    )


def _edit(sources: Sources, kind: Edited) -> Reply:
    """With ?number=: an earlier one, to look at and to push again."""
    number = request.args.get("number", "")
    with sources.watch() as store, store.db.reading():
        text = kind.pushes.text_of(store.db, _number(number)) if number else kind.pushes.in_force(store.db)
    return _shown(sources, kind, text or kind.example)


def _check(sources: Sources, kind: Edited) -> Reply:
    """What is wrong with it by line; or what is in it, what it changes and what it would have done."""
    text = _text()
    with sources.watch() as store:
        try:
            with store.db.reading():
                checked, before = kind.check(sources)(store.db, text), kind.pushes.in_force(store.db)
        except ConfigFault as fault:
            return _shown(sources, kind, text, fault=str(fault)), 400
        tried = kind.tries(sources, store, text) if kind.tries else None
    tell(kind.name, Text(f"校验{kind.words.zh}", f"checks {kind.words.en}"))
    return _shown(sources, kind, text, checked=checked, diff=texts.compared(before, text), tried=tried)


def _shown(
    sources: Sources, kind: Edited, text: str, *, fault: str = "", checked: Checked | None = None,
    diff: list[str] | None = None, tried: list[Tried] | None = None,
) -> str:  # fmt: skip
    with sources.watch() as store, store.db.reading():
        history = kind.pushes.history(store.db)
    return render_template(
        "alarms/edit.html", kind=kind, text=text, fault=fault, checked=checked, diff=diff, tried=tried,
        history=history, moment=moment, why_max=WHY_MAX,
    )  # fmt: skip


def _push(sources: Sources, kind: Edited) -> Reply:
    text, why = _text(), _why()
    with sources.watch() as store:
        who = be_known(store)
        with store.db.writing():
            number = texts.push(store.db, kind.pushes, kind.check(sources), text, who, why, now_ms())
    return _done(kind, number, why)


def _back(sources: Sources, kind: Edited) -> Reply:
    back_to, why = _number(request.form.get("number", "")), _why()
    with sources.watch() as store:
        who = be_known(store)
        with store.db.writing():
            number = texts.roll_back(store.db, kind.pushes, kind.check(sources), back_to, who, why, now_ms())
    return _done(kind, number, why or str(back_to))


def append(sources: Sources, kind: Edited, more: str, why: str) -> int:
    """What is in force with something at its end, pushed; its number. ConfigFault, PersonRefused."""
    with sources.watch() as store:
        who = be_known(store)
        with store.db.writing():
            text = (kind.pushes.in_force(store.db) or kind.example).rstrip() + "\n" + more
            return texts.push(store.db, kind.pushes, kind.check(sources), text, who, why, now_ms())


def _done(kind: Edited, number: int, why: str) -> Reply:
    said = Text(f"推送{kind.words.zh}第 {number} 次 {why}", f"pushes {kind.words.en}, number {number} {why}")
    tell(f"{kind.name}:{number}", said)
    return redirect(url_for(kind.name, pushed=number))


def _text() -> str:
    """As it was typed; browsers send lines with a carriage return."""
    return request.form.get("text", "").replace("\r\n", "\n")


def _why() -> str:
    return " ".join(request.form.get("why", "").split())[:WHY_MAX]


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= NUMBER_DIGITS):
        abort(400)
    return int(text)
