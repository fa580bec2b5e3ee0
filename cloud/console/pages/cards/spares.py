"""Spare cards 备用卡: who has which, until when, for which deposit; of a class, for its teacher. One that is lost for
good is written off here by the card desk.

Whoever may not see balances sees no sums. A state that this console does not know is shown as unknown.
"""

from flask import abort, g, redirect, render_template, request, url_for

from cloud.console.access.rights import Right, Signed
from cloud.console.frame.clock import moment_of, wall_now
from cloud.console.frame.export import csv_answer
from cloud.console.frame.money import in_yuan
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.table import Column, asked, fitting, listed, ordered
from cloud.console.frame.told import tell
from cloud.console.pages.cards.cards import CardActRefused, card_id, new_key, wish
from cloud.console.words.catalogue import words
from cloud.ledger.desk.spare_door import SpareLedger, SpareView
from cloud.ledger.funds.spares import HELD, SpareAct
from cloud.ledger.held.two_persons import REASON_MAX
from shared.clocks.clock import day_text
from shared.facts.terms import SPARES, word_of
from shared.words.voice import Language, Text

MARKS = {
    "stocked": "ok", "handed": "ok", "lent": "ok", "returned": "ok", "overdue": "bad", "collected": "warn",
    "written-off": "off", "taken-in": "off",
}  # fmt: skip
OUT = frozenset(word_of(act.name) for act in HELD)
"""Of these one may be lost for good."""


def _columns() -> tuple[Column[SpareView], ...]:
    """In the language of this request: rows are made when it is over. Sums are for whoever sees balances everywhere."""
    language = g.language
    plain = (
        Column[SpareView]("card", lambda one: one.line.label),
        Column[SpareView]("state", lambda one: _said(one, language)),
        Column[SpareView]("spare_person", lambda one: one.line.person),
        Column[SpareView]("spare_for", lambda one: one.line.holder),
        Column[SpareView]("holder_class", lambda one: one.line.place or one.group),
        Column[SpareView]("spare_until", lambda one: day_text(one.line.until_day) if one.line.until_day else None),
    )
    sums = (
        Column[SpareView]("spare_deposit", lambda one: in_yuan(one.line.deposit_fen), numeric=True),
        Column[SpareView]("spare_limit", lambda one: in_yuan(one.line.limit_fen), numeric=True),
    )
    return (*plain, *sums) if _signed().everywhere(Right.SEE_BALANCES) else plain


def _spares(sources: Sources) -> Reply:
    found = _seen(sources)
    late = sum(one.line.is_late for one in found)
    wanted = asked(request.args, ("class", "late"))
    return render_template(
        "cards/spares.html", list=listed(_chosen(found), _columns(), wanted), marks=MARKS, day_text=day_text,
        said=lambda one: _said(one, g.language),
        late=late, out=OUT, may_issue=_signed().may(Right.ISSUE), sees_money=_signed().everywhere(Right.SEE_BALANCES),
        classes=sorted({one.line.place for one in found if one.line.place}), key=new_key(), reason_max=REASON_MAX,
        as_of=moment_of(wall_now().unix_ms),
    )  # fmt: skip


def _spares_csv(sources: Sources) -> Reply:
    wanted, said, columns = asked(request.args, ("class", "late")), words(g.language), _columns()
    rows = ordered(fitting(_chosen(_seen(sources)), columns, wanted.find), columns, wanted)
    return csv_answer("spares", [said[one.name] for one in columns], columns, rows)


def _spare_lost(sources: Sources, card: str) -> Reply:
    """Its deposit becomes the school's: a reason is wanted."""
    wanted = card_id(card)
    found = next((one for one in _seen(sources) if one.card == wanted), None)
    if found is None:
        abort(404 if _signed().everywhere(Right.ISSUE) else 403)
    if not _signed().sees(Right.ISSUE, group=found.group):
        abort(403)
    reason = " ".join(request.form.get("reason", "").split())[:REASON_MAX]
    if not reason:
        raise CardActRefused(Text("注销要写缘由", "writing one off needs a reason"))
    with sources.books() as opened:
        SpareLedger(opened).write_off(wish(found.line.label, reason), wall_now())
    tell(f"card:{found.line.label}", Text(f"备用卡丢失注销：{reason}", f"spare card written off: {reason}"))
    return redirect(url_for("spares"))


def _seen(sources: Sources) -> list[SpareView]:
    """All, or those that are with his classes or stand in for one of theirs."""
    with sources.books() as opened:
        found = SpareLedger(opened).shown(wall_now())
    groups = _signed().groups(Right.SEE_CARDS)
    return [one for one in found if groups is None or {one.line.place, one.group} & groups]


def _chosen(found: list[SpareView]) -> list[SpareView]:
    """By the address: of a class's register, or what is late."""
    place, is_late = request.args.get("class", ""), request.args.get("late") == "1"
    return [one for one in found if (not place or one.line.place == place) and (not is_late or one.line.is_late)]


def _said(one: SpareView, language: str) -> str:
    """In words; one that is late is told so before anybody has looked."""
    act = word_of(SpareAct.OVERDUE.name) if one.line.is_late else one.line.act
    known = SPARES.get(act)
    return Text(*known).in_language(Language(language)) if known else words(language)["not_known"]


def _signed() -> Signed:
    signed: Signed = g.signed
    return signed


PAGES = (
    Page("spares", "/spares", Right.SEE_CARDS, _spares, Menu.CARDS),
    Page("spares_csv", "/spares.csv", Right.SEE_CARDS, _spares_csv),
    Page("spare_lost", "/spares/<card>/lost", Right.ISSUE, _spare_lost, writes=True),
)
