"""One card: its state, where its listing has come to, its balances apart, what moved them, and what may be done to it.

What of its money is aid this page tells nobody (cloud/ledger/read/shown/statement.py).
"""

from flask import g, jsonify, redirect, render_template, request, url_for

from cloud.console.access.rights import Right, Signed
from cloud.console.frame.clock import moment_of, wall_now
from cloud.console.frame.export import csv_answer
from cloud.console.frame.money import in_yuan
from cloud.console.frame.page import Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.table import Column, asked, fitting, listed, ordered
from cloud.console.frame.told import tell
from cloud.console.pages.cards.cards import MARKS, CardActRefused, file_for, new_key, reach_of, wish
from cloud.console.pages.money.findings import Found, shown
from cloud.console.pages.sign_in import now
from cloud.console.words.catalogue import words
from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.held.two_persons import REASON_MAX
from cloud.ledger.read.loads import LoadStanding
from cloud.ledger.read.reader import LIST_MAX
from cloud.ledger.read.shown.card import CardFile
from cloud.ledger.read.shown.statement import Line, statement, sums_of
from cloud.words.balance.split import split_json, split_lines
from cloud.words.balance.story import story_lines
from cloud.words.differences import state_of
from cloud.words.fleet.cards import WHYS
from shared.clocks.clock import DAY_S, time_text
from shared.facts.terms import DEEDS, word_of
from shared.ids import CardId
from shared.words.voice import Text


def _columns() -> tuple[Column[Line], ...]:
    """In the language of this request: rows are made when it is over."""
    said = words(g.language)
    return (
        Column("time", lambda one: time_text(one.time) if one.time else None),
        Column("what", lambda one: said[f"moved_{one.what}"]),
        Column("terminal", lambda one: one.place),
        Column("sum_purses", lambda one: in_yuan(one.moved.purses), numeric=True),
        Column("sum_online", lambda one: in_yuan(one.moved.online), numeric=True),
        Column("sum_transit", lambda one: in_yuan(one.moved.transit), numeric=True),
        Column("sum_pending", lambda one: in_yuan(one.moved.pending), numeric=True),
    )


def _card(sources: Sources, card: str) -> Reply:
    found = file_for(sources, card, Right.SEE_CARDS)
    signed: Signed = g.signed
    group = found.line.group
    sees_money = signed.sees(Right.SEE_BALANCES, group=group)
    lines = _lines(sources, found) if sees_money else []
    expires = found.line.expires
    return render_template(
        "cards/card.html", one=found, marks=MARKS, reach=reach_of(sources, found.line.card), key=new_key(),
        is_expired=bool(expires) and wall_now().campus_s >= expires, expires=time_text(expires)[:10] if expires else "",
        split=_split_lines(sources, found) if sees_money else [], sees_money=sees_money,
        sums=sums_of(found.balances), list=listed(lines, _columns(), asked(request.args)),
        loads=_loads(sources, found.line.card) if sees_money else [], moment=moment_of, time_text=time_text, whys=WHYS,
        deed_words=_deed_words, found=_found(sources, found) if sees_money else [],
        sees_books=signed.everywhere(Right.SEE_BOOKS), may_decide=signed.everywhere(Right.DECIDE),
        differences=_differences(sources, found) if sees_money else [],
        may_report=signed.sees(Right.REPORT_LOSS, group=group), may_cancel=signed.sees(Right.CANCEL_LOSS, group=group),
        may_issue=signed.sees(Right.ISSUE, group=group), reason_max=REASON_MAX, as_of=moment_of(wall_now().unix_ms),
    )  # fmt: skip


def _statement_csv(sources: Sources, card: str) -> Reply:
    found = file_for(sources, card, Right.SEE_BALANCES)
    said, wanted, columns = words(g.language), asked(request.args), _columns()
    rows = ordered(fitting(_lines(sources, found), columns, wanted.find), columns, wanted)
    return csv_answer(f"card-{card}", [said[column.name] for column in columns], columns, rows)


def _story(sources: Sources, card: str) -> Reply:
    """In words, and both purses as one: aid has its own page."""
    found = file_for(sources, card, Right.SEE_BALANCES)
    told = sources.reader.story(found.line.label, wall_now())
    lines = list(story_lines(told, is_apart=False)) if told else []
    return render_template(
        "cards/story.html", one=found, lines=lines, as_of=moment_of(wall_now().unix_ms), adds_up=told and told.adds_up
    )


def _api_split(sources: Sources, card: str) -> Reply:
    """Both purses as one, as on the page."""
    found = file_for(sources, card, Right.SEE_BALANCES)
    told = sources.reader.split(found.line.label, wall_now())
    return jsonify(split_json(told, is_apart=False) if told else {})


def _split_lines(sources: Sources, found: CardFile) -> list[Text]:
    told = sources.reader.split(found.line.label, wall_now())
    return list(split_lines(told, is_apart=False)) if told else []


def _cancel_loss(sources: Sources, card: str) -> Reply:
    """解挂 gives a card back its use: the password again, and why."""
    signed: Signed = g.signed
    found = file_for(sources, card, Right.CANCEL_LOSS)
    reason = " ".join(request.form.get("reason", "").split())[:REASON_MAX]
    if not reason:
        raise CardActRefused(Text("解挂要写缘由", "taking back a report needs a reason"))
    if not sources.accounts.check(signed.name, request.form.get("password", ""), now()):
        raise CardActRefused(Text("密码不对，或尝试过多", "the password is wrong, or there were too many tries"))
    with sources.books() as opened:
        DeskLedger(opened).cancel_lost(wish(found.line.label, reason), wall_now())
    tell(f"card:{found.line.label}", Text(f"解挂：{reason}", f"report taken back: {reason}"))
    return redirect(url_for("card", card=card))


def _lines(sources: Sources, found: CardFile) -> list[Line]:
    entries = sources.reader.statement(CardId(found.line.card), LIST_MAX)
    return statement(found.line.card, entries, DAY_S)


def _loads(sources: Sources, card: bytes) -> list[LoadStanding]:
    return sources.reader.open_loads_of(card, wall_now())


def _differences(sources: Sources, found: CardFile) -> list[tuple[str, str, str]]:
    """State, since when, who has explained it: no sum, for a sum would tell which purse."""
    return [
        (state_of(one), moment_of(one.found_ms), f"{one.explanation.who}: {one.explanation.reason}" if one.explanation
         else "")
        for one in sources.reader.differences()
        if one.found.card == found.line.card
    ]  # fmt: skip


def _found(sources: Sources, card: CardFile) -> list[Found]:
    """The newest first; no purse is named."""
    return [shown(one, {}) for one in reversed(sources.reader.findings_of(card.line.card))]


def _deed_words(kind: str) -> tuple[str, str]:
    return DEEDS.get(word_of(kind), (kind, kind))


PAGES = (
    Page("card", "/cards/<card>", Right.SEE_CARDS, _card),
    Page("card_story", "/cards/<card>/story", Right.SEE_BALANCES, _story),
    Page("api_split", "/api/v1/cards/<card>/split", Right.SEE_BALANCES, _api_split),
    Page("statement_csv", "/cards/<card>/statement.csv", Right.SEE_BALANCES, _statement_csv),
    Page("cancel_loss", "/cards/<card>/found", Right.CANCEL_LOSS, _cancel_loss, writes=True),
)
