"""One search 查找: pages, devices, cards, alarms, records of a sum and a day, jobs and entries by number; each only for
whoever may see it."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from flask import current_app, g, render_template, request, url_for

from cloud.console.access.rights import Right, Signed
from cloud.console.frame.clock import moment_of, today, wall_now
from cloud.console.frame.halves import joined_records
from cloud.console.frame.initials import is_like
from cloud.console.frame.money import sum_text
from cloud.console.frame.page import PAGES as DECLARED
from cloud.console.frame.page import Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.table import FIND_MAX
from cloud.console.pages.alarms.reading import look
from cloud.console.pages.alarms.rows import rows
from cloud.console.pages.home.sums import sum_and_day
from cloud.console.words.catalogue import words
from cloud.ledger.fleet.views import newest_of
from cloud.ledger.read.shown.card import CardLine
from cloud.ledger.read.views import CardName, EntryView
from shared.clocks.clock import time_text
from shared.errors import YktError

EACH_MAX = 20
"""Most of one kind that are shown."""
RECORDS_LOOKED = 1_000
"""The newest records, among which an amount is looked for."""
NUMBER = re.compile(r"[1-9]\d{0,8}")


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
    if signed.may(Right.SEE_ALARMS):
        found.append(("alarms", _alarms(sources, wanted)))
    found.append(("numbers", _numbers(sources, signed, wanted)))
    if signed.everywhere(Right.SEE_BOOKS):
        found.append(("records", _records(sources, wanted)))
    return found


def _pages(signed: Signed, wanted: str) -> list[Found]:
    said = words(g.language)
    pages = [page for page in current_app.config[DECLARED] if page.menu and page.is_for(signed)]
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
    """Of a sum among the newest; with a day, what the books have of it then."""
    asked = sum_and_day(wanted, today())
    if asked is None:
        return []
    if asked.day is not None:
        return [_entry(one) for one in sources.reader.entries_of_sum(asked.day, asked.fen, EACH_MAX).entries]
    return [
        Found(
            sum_text(one.amount_fen),
            url_for("ledger_record", device=one.device.hex(), epoch=one.epoch, seq=one.seq),
            " · ".join((one.terminal, one.label, time_text(one.time))),
        )
        for one in joined_records(sources.reader, sources.reader.last_records(RECORDS_LOOKED))
        if one.amount_fen == asked.fen
    ][:EACH_MAX]


def _entry(one: EntryView) -> Found:
    """Its sum in all, and no word of what it was or whose: that its own page says, to whoever may see it."""
    record = one.record
    beside = (record.terminal,) if record else ()
    total = sum(fen for *_, fen in one.postings)
    return Found(
        sum_text(total), url_for("ledger_entry", number=one.entry), " · ".join((*beside, moment_of(one.booked_at_ms)))
    )


def _numbers(sources: Sources, signed: Signed, wanted: str) -> list[Found]:
    """A job, an entry of the books, by number; of whoever sees all of them."""
    said, number = words(g.language), int(wanted) if NUMBER.fullmatch(wanted) else 0
    found = []
    if number and signed.everywhere(Right.SEE_CAMPUS) and sources.reader.fleet.job(number, wall_now()):
        found.append(Found(f"{said['job']} {number}", url_for("job", number=number)))
    if number and signed.everywhere(Right.SEE_BOOKS) and sources.reader.entry(number):
        found.append(Found(f"{said['entry']} {number}", url_for("ledger_entry", number=number)))
    return found


def _alarms(sources: Sources, wanted: str) -> list[Found]:
    """That stand, and that he may see: by name, and by what they are about."""
    try:
        with sources.watch() as store, store.db.reading():
            found = rows(look(sources, store))
    except YktError:
        return []
    return [
        Found(f"{row['title']} {row['about']}", url_for("alarm", rule=row["rule"], source=row["source"]), row["state"])
        for row in found
        if is_like(wanted, row["title"], row["about"], row["rule"])
    ][:EACH_MAX]


PAGES = (Page("search", "/search", Right.SELF, _search),)
