"""Disputes 异议 that holders and guardians have raised of entries: what is open, and an answer that names the way.

An answer moves no money: where some is due, it names where that is done, by its own rules. Its holder is told by his
wallet. The file of people is the wallet's; without one there is no wallet here.
"""

from pathlib import Path
from typing import Any

from flask import jsonify, redirect, render_template, request, url_for

from cloud.console.access.rights import Right
from cloud.console.frame.clock import moment_of, wall_now
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.told import tell
from cloud.console.pages.money.shown import age, moment, seen
from cloud.payments.disputes.rows import (
    WAYS,
    WORD_MAX,
    Answered,
    Dispute,
    DisputeRefused,
    answer,
    answered,
    disputes_file,
    mark,
    open_disputes,
)
from cloud.process.settings import FOLDER, PEOPLE_FILE
from shared.errors import YktError
from shared.words.voice import Text

ANSWERED_MAX = 100
"""The newest that are shown; a command lists them, too."""
_NO_WALLET = Text("本台没有钱包", "there is no wallet here")


class Disputed:
    """What the stream says of disputes: another mark than before, and somebody has disputed or answered. Read anew when
    the file was written to. Belongs to one thread at a time."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._written: tuple[int, ...] = ()
        self._mark: tuple[int, ...] = ()

    def read(self) -> dict[str, Any]:
        """{"disputes": …}; the last that was read, where it cannot be."""
        written = self._times()
        if written != self._written:
            try:
                self._mark, self._written = self._asked(), written
            except (YktError, OSError):
                self._written = ()
        return {"disputes": self._mark}

    def _asked(self) -> tuple[int, ...]:
        with disputes_file(self._data) as people:
            if people is None:
                return ()
            with people.reading():
                return mark(people)

    def _times(self) -> tuple[int, ...]:
        found = []
        for name in (PEOPLE_FILE, f"{PEOPLE_FILE}-wal"):
            try:
                found.append((self._data / FOLDER / name).stat().st_mtime_ns)
            except OSError:
                continue
        return tuple(found)


def _disputes(sources: Sources) -> Reply:
    waits, done = _read(sources)
    now_ms = wall_now().unix_ms
    return render_template(
        "money/disputes.html", waits=waits, done=done, ways=WAYS, age=lambda one: age(one.at_ms, now_ms),
        moment=moment, as_of=moment_of(now_ms), most=WORD_MAX,
    )  # fmt: skip


def _api_disputes(sources: Sources) -> Reply:
    waits, done = _read(sources)
    return jsonify(
        {
            "open": [one._asdict() for one in waits],
            "answered": [{**one._asdict(), "dispute": one.dispute._asdict()} for one in done],
        }
    )


def _read(sources: Sources) -> tuple[list[Dispute], list[Answered]]:
    with disputes_file(sources.settings.data) as people:
        if people is None:
            return [], []
        with people.reading():
            return open_disputes(people), answered(people, most=ANSWERED_MAX)


def _answer(sources: Sources, number: int) -> Reply:
    way, word = request.form.get("way", ""), request.form.get("word", "")
    try:
        with disputes_file(sources.settings.data) as people:
            if people is None:
                raise DisputeRefused(_NO_WALLET)
            with people.writing():
                answer(people, number, way, word, seen().name, wall_now().unix_ms)
    except DisputeRefused as refused:
        return render_template("fault.html", fault=refused.args[0], back=url_for("disputes")), 409
    said = WAYS[way]
    tell(f"dispute:{number}", Text(f"异议 {number} 已答复：{said.zh}", f"dispute {number} was answered: {said.en}"))
    return redirect(url_for("disputes"))


PAGES = (
    Page("disputes", "/disputes", Right.SEE_BALANCES, _disputes, Menu.MONEY, whole=True),
    Page("api_disputes", "/api/v1/disputes", Right.SEE_BALANCES, _api_disputes, whole=True),
    Page("answer_dispute", "/disputes/<int:number>", Right.DECIDE, _answer, writes=True, whole=True),
)
