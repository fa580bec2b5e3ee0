"""Cards 卡务: found by what is printed on them or by their number, and one that was lost reported by whoever may."""

import secrets

from flask import abort, g, redirect, render_template, request, url_for

from cloud.console.access.rights import Right, Signed
from cloud.console.frame.clock import moment_of, wall_now
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
from cloud.ledger.read.shown.card import CardFile, CardLine
from shared.errors import ConfigFault
from shared.ids import CardId
from shared.input.table import LABEL_MAX
from shared.wire.desk.calls import CardState
from shared.words.voice import Text

NAMES_MAX = 200
"""Terminals that are named in one list; how many more there are is said."""
MARKS = {CardState.NORMAL: "ok", CardState.LOST: "bad", CardState.REPLACED: "off"}
COLUMNS: tuple[Column[CardLine], ...] = (
    Column("card", lambda one: one.label),
    Column("card_number", lambda one: one.card.hex()),
    Column("holder_class", lambda one: one.group),
    Column("state", lambda one: one.state.value),
    Column("card_listed", lambda one: int(one.hotlisted), numeric=True),
)


class CardActRefused(ConfigFault):
    """Happens when what is asked of a card cannot be. Nothing was changed."""


def _cards(sources: Sources) -> Reply:
    wanted = asked(request.args)
    found = _found(sources, wanted.find)
    shown = listed(found, COLUMNS, wanted._replace(find=""))._replace(asked=wanted)
    return render_template(
        "cards/cards.html", list=shown, marks=MARKS, groups=_signed().groups(Right.SEE_CARDS),
        now_s=wall_now().campus_s, is_more=len(found) == LIST_MAX, as_of=moment_of(wall_now().unix_ms),
    )  # fmt: skip


def _cards_csv(sources: Sources) -> Reply:
    wanted, said = asked(request.args), words(g.language)
    found = _found(sources, wanted.find)
    return csv_answer("cards", [said[one.name] for one in COLUMNS], COLUMNS, ordered(found, COLUMNS, wanted))


def _found(sources: Sources, find: str) -> list[CardLine]:
    """The index serves the beginning of a label, and of a number. Of his classes alone, where he has not all cards."""
    groups = _signed().groups(Right.SEE_CARDS)
    if groups is None:
        return sources.reader.card_lines(find, LIST_MAX)
    return sources.reader.card_lines_of(groups, find, LIST_MAX)


def _loss(sources: Sources) -> Reply:
    """Whoever has a class chooses among its cards; whoever has all of them types what is printed on one."""
    groups = _signed().groups(Right.REPORT_LOSS)
    found = sources.reader.card_lines_of(groups, "", LIST_MAX) if groups else []
    choices = [one for one in found if one.state is CardState.NORMAL]
    return render_template(
        "cards/loss.html", groups=groups, choices=choices, key=new_key(), label="", reach=None
    )  # fmt: skip


def _report_loss(sources: Sources) -> Reply:
    """The card desk's own deed: hotlisted and frozen when this returns."""
    label = request.form.get("label", "").strip()[:LABEL_MAX]
    card = _card_of(sources, label)
    with sources.books() as opened:
        DeskLedger(opened).report_lost(wish(label, _reason()), wall_now())
    tell(f"card:{label}", Text(f"挂失卡 {label}", f"report card {label} lost"))
    return redirect(url_for("loss_spread", card=card.hex()))


def _loss_spread(sources: Sources, card: str) -> Reply:
    """How far it has come, for whoever may report and see no more of a card."""
    found = file_for(sources, card, Right.REPORT_LOSS)
    return render_template(
        "cards/loss.html", groups=None, key=new_key(), label=found.line.label,
        reach=reach_of(sources, found.line.card), state=found.line.state, marks=MARKS, card=card,
        hotlisted=found.line.hotlisted,
    )  # fmt: skip


def file_for(sources: Sources, card: str, right: Right) -> CardFile:
    """The card, if he has this right of its holder: of all cards, or of a class. A card that is none is not found for
    whoever may see all; for others it is one that they may not see."""
    found = sources.reader.card_file(card_id(card))
    if found is None and _signed().everywhere(right):
        abort(404)
    if found is None or not _signed().sees(right, group=found.line.group):
        abort(403)
    return found


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
    """He may report it: else it says nothing of whether it is there."""
    found = sources.reader.cards_of_labels([label]).get(label)
    if found is None and _signed().everywhere(Right.REPORT_LOSS):
        raise CardActRefused(Text(f"没有卡 {label}", f"there is no card {label}"))
    if found is None:
        abort(403)
    return file_for(sources, found.hex(), Right.REPORT_LOSS).line.card


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
