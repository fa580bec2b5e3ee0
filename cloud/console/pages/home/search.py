"""One search 查找: pages, devices, cards, records of an amount, entries by number; each only for whoever may see it."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from flask import current_app, g, render_template, request, url_for

from cloud.console.access.rights import Right, Signed
from cloud.console.frame.initials import is_like
from cloud.console.frame.money import sum_text
from cloud.console.frame.page import PAGES as DECLARED
from cloud.console.frame.page import Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.table import FIND_MAX
from cloud.console.words.catalogue import words
from cloud.ledger.fleet.views import newest_of
from cloud.ledger.read.shown.card import CardLine
from cloud.ledger.read.views import CardName
from shared.clocks.clock import time_text

EACH_MAX = 20
"""Most of one kind that are shown."""
RECORDS_LOOKED = 1_000
"""The newest records, among which an amount is looked for."""
AMOUNT = re.compile(r"[¥￥]?(\d{1,6})(\.\d{1,2})?")


class Found(NamedTuple):
    """One line. href: '' where it has no page of its own yet. more: beside its name."""

    name: str
    href: str
    more: str = ""


def _search(sources: Sources) -> Reply:
    wanted = request.args.get("q", "").strip()[:FIND_MAX]
    groups = [(kind, found) for kind, found in _groups(sources, wanted) if found] if wanted else []
    return render_template("home/search.html", wanted=wanted, groups=groups, each_max=EACH_MAX)


def _groups(sources: Sources, wanted: str) -> list[tuple[str, list[Found]]]:
    signed: Signed = g.signed
    found = [("pages", _pages(signed, wanted))]
    if signed.may(Right.SEE_CAMPUS):
        found.append(("devices", _devices(sources, signed, wanted)))
    if signed.may(Right.SEE_CARDS):
        found.append(("cards", _cards(sources, signed, wanted)))
    if signed.everywhere(Right.SEE_BOOKS):
        found.append(("records", _records(sources, wanted)))
    return found


def _pages(signed: Signed, wanted: str) -> list[Found]:
    said = words(g.language)
    pages = [page for page in current_app.config[DECLARED] if page.menu and signed.may(page.right)]
    return [Found(said[p.name], url_for(p.name)) for p in pages if is_like(wanted, said[p.name])][:EACH_MAX]


def _devices(sources: Sources, signed: Signed, wanted: str) -> list[Found]:
    views = newest_of(sources.reader.terminals()).values()
    return [
        Found(one.name, url_for("device", device=one.device.hex()), _joined(one.place, one.merchant, one.box))
        for one in sorted(views, key=lambda view: view.name)
        if signed.sees(Right.SEE_CAMPUS, box=one.box, merchant=one.merchant)
        and is_like(wanted, one.name, one.place, one.merchant, one.device.hex())
    ][:EACH_MAX]


def _joined(*parts: str) -> str:
    return " · ".join(filter(None, parts))


def _cards(sources: Sources, signed: Signed, wanted: str) -> list[Found]:
    said, groups = words(g.language), signed.groups(Right.SEE_CARDS)
    known: Sequence[CardName | CardLine] = (
        sources.reader.cards_like(wanted, EACH_MAX)
        if groups is None
        else sources.reader.card_lines_of(groups, wanted, EACH_MAX)
    )
    return [
        Found(
            one.label,
            url_for("card", card=one.card.hex()),
            f"{one.card.hex()}{' · ' + said['listed_card'] if one.hotlisted else ''}",
        )
        for one in known
    ]


def _records(sources: Sources, wanted: str) -> list[Found]:
    """Of an amount, among the newest."""
    asked = AMOUNT.fullmatch(wanted)
    if asked is None:
        return []
    fen = int(Decimal(asked[1] + (asked[2] or "")) * 100)
    return [
        Found(sum_text(one.amount_fen), "", " · ".join((one.terminal, one.label, time_text(one.time))))
        for one in sources.reader.last_records(RECORDS_LOOKED)
        if one.amount_fen == fen
    ][:EACH_MAX]


PAGES = (Page("search", "/search", Right.SELF, _search),)
