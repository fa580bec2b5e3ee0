"""Cards 卡务: found by what is printed on them or by their number, and one that was lost reported by whoever may."""

import secrets

from flask import abort, g, redirect, render_template, request, url_for

from cloud.console.access.rights import Right, Signed
from cloud.console.frame.clock import wall_now
from cloud.console.frame.export import csv_answer
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.table import Column, asked, listed, ordered
from cloud.console.frame.told import tell
from cloud.console.words.catalogue import words
from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.desk.replacing import Wish
from cloud.ledger.fleet.documents.reach import CardReach
from cloud.ledger.held.two_persons import REASON_MAX
from cloud.ledger.read.reader import LIST_MAX
from cloud.ledger.read.shown.card import CardLine
from shared.errors import ConfigFault
from shared.ids import CardId
from shared.input.table import LABEL_MAX
from shared.wire.desk import CardState
from shared.words.voice import Text

NAMES_MAX = 200
"""Terminals that are named in one list; how many more there are is said."""
MARKS = {CardState.NORMAL: "ok", CardState.LOST: "bad", CardState.REPLACED: "off"}
COLUMNS: tuple[Column[CardLine], ...] = (
    Column("card", lambda one: one.label),
    Column("card_number", lambda one: one.card.hex()),
    Column("state", lambda one: one.state.value),
    Column("card_listed", lambda one: int(one.hotlisted), numeric=True),
)


class CardActRefused(ConfigFault):
    """Happens when what is asked of a card cannot be. Nothing was changed."""


def _cards(sources: Sources) -> Reply:
    wanted = asked(request.args)
    is_whole = _signed().everywhere(Right.SEE_CARDS)
    found = _found(sources, wanted.find) if is_whole else []
    shown = listed(found, COLUMNS, wanted._replace(find=""))._replace(asked=wanted)
    return render_template(
        "cards/cards.html", list=shown, marks=MARKS, is_whole=is_whole, now_s=wall_now().campus_s,
        is_more=len(found) == LIST_MAX,
    )  # fmt: skip


def _cards_csv(sources: Sources) -> Reply:
    wanted, said = asked(request.args), words(g.language)
    found = _found(sources, wanted.find) if _signed().everywhere(Right.SEE_CARDS) else []
    return csv_answer("cards", [said[one.name] for one in COLUMNS], COLUMNS, ordered(found, COLUMNS, wanted))


def _found(sources: Sources, find: str) -> list[CardLine]:
    """The index serves the beginning of a label, and of a number."""
    return sources.reader.card_lines(find, LIST_MAX)


def _loss(sources: Sources) -> Reply:  # noqa: ARG001 - a page's signature
    return render_template(
        "cards/loss.html", is_whole=_signed().everywhere(Right.REPORT_LOSS), key=new_key(), label="", reach=None
    )  # fmt: skip


def _report_loss(sources: Sources) -> Reply:
    """The card desk's own deed: hotlisted and frozen when this returns."""
    label = request.form.get("label", "").strip()[:LABEL_MAX]
    card = _card_of(sources, label)
    if not _signed().everywhere(Right.REPORT_LOSS):
        abort(403)
    with sources.books() as opened:
        DeskLedger(opened).report_lost(wish(label, _reason()), wall_now())
    tell(f"card:{label}", Text(f"挂失卡 {label}", f"report card {label} lost"))
    return redirect(url_for("loss_spread", card=card.hex()))


def _loss_spread(sources: Sources, card: str) -> Reply:
    """How far it has come, for whoever may report and see no more of a card."""
    if not _signed().everywhere(Right.REPORT_LOSS):
        abort(403)
    found = sources.reader.card_file(card_id(card))
    if found is None:
        abort(404)
    return render_template(
        "cards/loss.html", is_whole=True, key=new_key(), label=found.line.label,
        reach=reach_of(sources, found.line.card), state=found.line.state, marks=MARKS, card=card,
        hotlisted=found.line.hotlisted,
    )  # fmt: skip


def reach_of(sources: Sources, card: bytes) -> CardReach:
    """At which terminals it counts, as of now."""
    return sources.reader.reach_of(card, wall_now())


def card_id(text: str) -> CardId:
    """Of an address; 404 for what is none."""
    try:
        return CardId(bytes.fromhex(text))
    except ValueError:
        abort(404)


def new_key() -> str:
    """A form's own: sent twice, it does its deed once."""
    return secrets.token_hex(16)


def wish(label: str, reason: str) -> Wish:
    """Of a form of ours; who asks is whoever has signed in."""
    try:
        key = bytes.fromhex(request.form.get("key", ""))
    except ValueError:
        key = b""
    if len(key) != 16:
        raise CardActRefused(Text("表单不完整，请重新打开页面", "the form is not whole: open the page again"))
    return Wish(key, _signed().name, label, reason)


def _card_of(sources: Sources, label: str) -> bytes:
    found = sources.reader.cards_of_labels([label]).get(label)
    if found is None:
        raise CardActRefused(Text(f"没有卡 {label}", f"there is no card {label}"))
    return found


def _reason() -> str:
    return " ".join(request.form.get("reason", "").split())[:REASON_MAX]


def _signed() -> Signed:
    signed: Signed = g.signed
    return signed


PAGES = (
    Page("cards", "/cards", Right.SEE_CARDS, _cards, Menu.CARDS),
    Page("cards_csv", "/cards.csv", Right.SEE_CARDS, _cards_csv),
    Page("loss", "/loss", Right.REPORT_LOSS, _loss, Menu.CARDS),
    Page("report_loss", "/loss", Right.REPORT_LOSS, _report_loss, writes=True),
    Page("loss_spread", "/loss/<card>", Right.REPORT_LOSS, _loss_spread),
)
