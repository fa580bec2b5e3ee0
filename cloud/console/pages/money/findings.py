"""发现 and 卡账核对: what the books have found of cards, what a person says of it, and the cards that do not close.

Both purses of a card are one here, for a row of the second would tell of aid. Who acts is who has signed in; the rules
are the ledger's own. The same as JSON for programs.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from flask import jsonify, redirect, render_template, request, url_for

from cloud.console.access.rights import Right
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.table import Column, asked, listed
from cloud.console.frame.told import tell
from cloud.console.pages.money.shown import age, moment, now, seen
from cloud.ledger.findings.found import STANDINGS, CardFinding, FindingRefused, Standing
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.shown.closing import NotClosing
from cloud.words.balance.findings import DEEDS, does, finding_json, finding_word
from shared.clocks.clock import time_text
from shared.words.voice import Text

Place = tuple[str, int, int]
_MARKS = {Standing.OPEN: "bad", Standing.CONFIRMED: "bad", Standing.LAPSED: "warn"}
UNDOABLE = frozenset({Standing.OPEN, Standing.CONFIRMED, Standing.LAPSED})


class Found(NamedTuple):
    """A finding as it is shown. places: of its records."""

    one: CardFinding
    what: Text
    how: Text
    does: Text
    mark: str
    age: Text
    words: tuple[tuple[Text, str, str, str], ...]
    places: tuple[tuple[int, Place], ...]


class Card(NamedTuple):
    """A card that does not close, both purses as one."""

    label: str
    expected_fen: int
    known_fen: int
    late_fen: int
    unexplained_fen: int
    missing: int
    where: str
    when: str
    since: str


FINDINGS: tuple[Column[Found], ...] = (
    Column("number", lambda row: row.one.number, numeric=True),
    Column("card", lambda row: row.one.label),
    Column("kind", lambda row: str(row.what)),
    Column("state", lambda row: row.one.standing.name.lower()),
)
CARDS: tuple[Column[Card], ...] = (
    Column("card", lambda row: row.label),
    Column("expected_fen", lambda row: row.expected_fen, numeric=True),
    Column("known_fen", lambda row: row.known_fen, numeric=True),
    Column("late_fen", lambda row: row.late_fen, numeric=True),
    Column("unexplained_fen", lambda row: row.unexplained_fen, numeric=True),
    Column("missing", lambda row: row.missing, numeric=True),
)


def _findings(sources: Sources) -> Reply:
    found = sources.reader.findings()
    records = {number for one in found for number in (one.seen.record, one.seen.beside) if number is not None}
    places = sources.reader.places(sorted(records))
    rows = sorted((shown(one, places) for one in found), key=lambda row: (not row.one.acts, -row.one.number))
    return render_template(
        "money/findings.html", list=listed(rows, FINDINGS, asked(request.args)), at=moment(now().unix_ms),
        every=len(rows), acting=sum(row.one.acts for row in rows), undoable=UNDOABLE, open=Standing.OPEN,
    )  # fmt: skip


def shown(one: CardFinding, places: Mapping[int, Place]) -> Found:
    """places: of its records, as far as they are to be linked."""
    words = tuple((DEEDS[word.deed], word.who, word.reason, moment(word.at_ms)) for word in one.words)
    numbers = (number for number in (one.seen.record, one.seen.beside) if number is not None)
    at = tuple((number, places[number]) for number in numbers if number in places)
    mark = _MARKS.get(one.standing, "off")
    old = age(one.found_ms, now().unix_ms)
    return Found(one, finding_word(one), STANDINGS[one.standing], does(one), mark, old, words, at)


def _api_findings(sources: Sources) -> Reply:
    rows = [finding_json(one) for one in sources.reader.findings()]
    for row in rows:
        del row["purse"]
    return jsonify({"findings": rows})


def _closing(sources: Sources) -> Reply:
    there = sources.reader.not_closing()
    return render_template(
        "money/closing.html", list=listed(cards_of(there), CARDS, asked(request.args)), at=moment(now().unix_ms),
        counts=there.counts,
    )  # fmt: skip


def _api_closing(sources: Sources) -> Reply:
    there = sources.reader.not_closing()
    return jsonify({**there.counts._asdict(), "rows": [row._asdict() for row in cards_of(there)]})


def cards_of(there: NotClosing) -> list[Card]:
    """Those with something unexplained first, the oldest of them first."""
    found: dict[str, Card] = {}
    for one in there.purses:
        a, before = one.apart, found.get(one.label)
        sums = (a.expected_fen, a.known_fen, a.late_fen, a.unexplained_fen, a.missing)
        if before is not None:
            sums = tuple(x + y for x, y in zip(sums, before[1:6], strict=True))  # type: ignore[assignment]  # still five
        when = time_text(one.at_s) if one.at_s else ""
        found[one.label] = Card(one.label, *sums, f"{one.terminal} {one.place}".strip(), when, moment(a.since_ms))
    return sorted(found.values(), key=lambda row: (not row.unexplained_fen, row.since))


def _says(deed: Callable[[Ledger], Callable[..., CardFinding]], done: Text) -> Callable[[Sources, int], Reply]:
    def view(sources: Sources, number: int) -> Reply:
        reason = request.form.get("reason", "").strip()
        try:
            with sources.books() as opened:
                deed(Ledger(opened))(number, seen().name, reason, now())
        except FindingRefused as refused:
            return render_template("fault.html", fault=refused.args[0], back=url_for("card_findings")), 409
        tell(f"finding:{number}", Text(f"{done.zh}发现 {number}：{reason}", f"{done.en} finding {number}: {reason}"))
        return redirect(url_for("card_findings", _anchor=f"f{number}"))

    return view


PAGES = (
    Page("card_findings", "/findings", Right.SEE_BOOKS, _findings, Menu.MONEY, whole=True),
    Page("api_findings", "/api/v1/findings", Right.SEE_BOOKS, _api_findings, whole=True),
    Page("card_closing", "/ledger/closing", Right.SEE_BOOKS, _closing, Menu.MONEY, whole=True),
    Page("api_card_closing", "/api/v1/closing", Right.SEE_BOOKS, _api_closing, whole=True),
    Page(
        "confirm_finding", "/findings/<int:number>/confirm", Right.DECIDE,
        _says(lambda ledger: ledger.confirm_finding, Text("确认", "confirms")), writes=True, whole=True,
    ),
    Page(
        "undo_finding", "/findings/<int:number>/undo", Right.DECIDE,
        _says(lambda ledger: ledger.undo_finding, Text("解除", "undoes")), writes=True, whole=True,
    ),
)  # fmt: skip
