"""The books 账务: their sums and whether they balance, accounts and what moved them, the journal down to the record."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from flask import abort, render_template, request

from cloud.console.access.rights import Right
from cloud.console.frame.halves import joined_records
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.table import FIND_MAX, Column
from cloud.console.pages.money.raw import hexed, tac_word
from cloud.console.pages.money.shown import (
    View,
    before,
    card_label,
    entries_shown,
    may_walk,
    moment,
    now,
    reason_of,
    seen,
    sees_aid,
    taken_home,
    yuan_of,
)  # fmt: skip
from cloud.ledger.books.chart import AccountKind
from cloud.ledger.fleet.views import TerminalView
from cloud.ledger.read.pages import AccountLine
from cloud.ledger.read.views import AccountView, EntryView

LEAF = 50
EXPORT_MAX = 1000
"""Entries of the journal that are taken home, the newest."""
ACCOUNTS = 100
_ON_THE_CARD = (AccountKind.PURSE, AccountKind.SUBSIDY)
_TO_LOAD = (AccountKind.PENDING, AccountKind.PENDING_SUBSIDY)
TRIAL: tuple[Column[AccountView], ...] = (
    Column("account", lambda row: row.code),
    Column("account_debit", lambda row: yuan_of(row.debit_fen), numeric=True),
    Column("account_credit", lambda row: yuan_of(row.credit_fen), numeric=True),
    Column("account_balance", lambda row: yuan_of(row.balance_fen), numeric=True),
)
POSTED: tuple[Column[tuple[EntryView, str, str, int, str]], ...] = (
    Column("entry", lambda row: row[0].entry, numeric=True),
    Column("time", lambda row: moment(row[0].booked_at_ms)),
    Column("kind", lambda row: row[4]),
    Column("account_debit", lambda row: row[1]),
    Column("account_credit", lambda row: row[2]),
    Column("amount", lambda row: yuan_of(row[3]), numeric=True),
    Column("terminal", lambda row: row[0].record.terminal if row[0].record else ""),
)


class Balance(NamedTuple):
    """A card's account as it is shown: the word of its kind, and what is in it; None: not for who looks."""

    kind: str
    code: str
    fen: int | None


def _ledger(sources: Sources) -> Reply:
    reader = sources.reader
    chart = reader.chart()
    return render_template(
        "money/ledger.html", chart=chart, difference=sum(one.debit_fen - one.credit_fen for one in chart),
        apart=reader.standing_differences(), queues=reader.queue_sums(), back=reader.put_back(),
        day=day_state(reader.terminals()), moment=moment, at=moment(now().unix_ms),
    )  # fmt: skip


def day_state(views: Iterable[TerminalView]) -> dict[str, int]:
    """What is not here yet of what terminals of his places wrote, and how many of them were never heard."""
    rows = [row for row in views if seen().sees(Right.SEE_BOOKS, box=row.box, merchant=row.merchant)]
    heard, bodies = {row.device for row in rows if row.heard_ms}, {row.device for row in rows}
    return {
        "owing": len({row.device for row in rows if row.owes}),
        "owed": sum(row.owes for row in rows),
        "unknown": len(bodies - heard),
        "terminals": len(bodies),
    }


def _ledger_file(sources: Sources, form: str) -> Reply:
    """Aid of a named person is in no export: a card's accounts come as one."""
    return taken_home(_form(form), "trial-balance", TRIAL, _of_one_total(sources.reader.trial_balance()))


def _of_one_total(rows: Sequence[AccountView]) -> Sequence[AccountView]:
    if sees_aid():
        return rows
    found: dict[str, AccountView] = {}
    for row in rows:
        kind, _, rest = row.code.partition(":")
        shown = {"subsidy": "purse", "pending-subsidy": "pending"}.get(kind, kind) if rest else kind
        code = f"{shown}:{rest}" if rest else row.code
        was = found.get(code)
        found[code] = AccountView(
            code, shown, row.debit_fen + (was.debit_fen if was else 0), row.credit_fen + (was.credit_fen if was else 0),
            row.balance_fen + (was.balance_fen if was else 0),
        )  # fmt: skip
    return list(found.values())


def _accounts(sources: Sources) -> Reply:
    find = request.args.get("find", "").strip()[:FIND_MAX]
    found = [line for line in sources.reader.accounts_like(find, ACCOUNTS) if may_walk(line.code) or not line.card]
    return render_template(
        "money/accounts.html", find=find, lines=[(one, _balance(one)) for one in found], most=ACCOUNTS,
        card_label=card_label, at=moment(now().unix_ms),
    )  # fmt: skip


def _balance(line: AccountLine) -> int | None:
    """A card's balances are not for everybody; without its aid it is the total, which its own page has."""
    if not line.card:
        return line.balance_fen
    if not seen().everywhere(Right.SEE_BALANCES) or (line.kind in ("purse", "pending") and not sees_aid()):
        return None
    return line.balance_fen


def _account(sources: Sources, code: str) -> Reply:
    reader, at = sources.reader, before()
    if not may_walk(code):
        abort(403)
    found = reader.account(code, at, LEAF)
    if found is None:
        abort(404)
    mine, leaf = found
    line = next(one for one in mine if one.code == code)
    if line.card and not seen().everywhere(Right.SEE_CARDS):
        abort(404)
    whole_of = _balances(mine) if line.card else [Balance(line.kind, line.code, line.balance_fen)]
    return render_template(
        "money/account.html", line=line, balances=whole_of,
        rows=entries_shown(reader, leaf.entries, {line.card: line.label}), leaf=leaf, at=moment(now().unix_ms),
        newest=not at, label=card_label(line.label, line.card),
    )  # fmt: skip


def _balances(mine: Sequence[AccountLine]) -> list[Balance]:
    """Whoever may not see aid gets one total of what is on the card, and one of what waits to be loaded."""
    may = seen().everywhere(Right.SEE_BALANCES)
    if sees_aid():
        return [Balance(one.kind, one.code, one.balance_fen if may else None) for one in mine]
    sums: dict[str, int] = {}
    for one in mine:
        kind = "purse" if one.kind in _ON_THE_CARD else "pending" if one.kind in _TO_LOAD else one.kind
        sums[kind] = sums.get(kind, 0) + one.balance_fen
    return [Balance(kind, "", fen if may else None) for kind, fen in sums.items()]


def _journal(sources: Sources) -> Reply:
    at = before()
    leaf = sources.reader.journal(at, LEAF)
    return render_template(
        "money/journal.html", rows=entries_shown(sources.reader, leaf.entries), leaf=leaf, newest=not at,
        at=moment(now().unix_ms),
    )  # fmt: skip


def _journal_file(sources: Sources, form: str) -> Reply:
    leaf = sources.reader.journal(before(), EXPORT_MAX)
    by_number = {one.entry: one for one in leaf.entries}
    rows = (
        (by_number[one.entry], _named(line.debit), _named(line.credit), line.fen, one.kind)
        for one in entries_shown(sources.reader, leaf.entries) for line in one.lines
    )  # fmt: skip
    return taken_home(_form(form), "journal", POSTED, rows)


def _named(side: tuple[str, str, str]) -> str:
    return ":".join(part for part in side[:2] if part)


def _entry(sources: Sources, number: int) -> Reply:
    found = sources.reader.entry(number)
    if found is None:
        abort(404)
    (row,) = entries_shown(sources.reader, [found], alone=True)
    return render_template(
        "money/entry.html", row=row, at=moment(now().unix_ms), sum=sum(line.fen for line in row.lines),
        reason=reason_of(row.record.reason) if row.record and row.record.reason != "none" else None,
    )  # fmt: skip


def _record(sources: Sources, device: str, epoch: int, seq: int) -> Reply:
    """All bytes that came under this key: more than one is a fork, and both are shown."""
    try:
        octets = bytes.fromhex(device)
    except ValueError:
        abort(404)
    if len(octets) != 6 or epoch > 0xFFFF or seq > 0xFFFF_FFFF:
        abort(404)
    records = sources.reader.record(octets, epoch, seq)
    if not records:
        abort(404)
    found = records if sees_aid() else [joined_records(sources.reader, [one])[0] for one in records]
    return render_template(
        "money/record.html",
        records=[(one, tac_word(one), hexed(one.stored, aid=sees_aid()), _why(one.reason)) for one in found],
        entries=entries_shown(sources.reader, sources.reader.entries_of_record(octets, epoch, seq), alone=True),
        card_label=card_label, moment=moment, sees_aid=sees_aid(), at=moment(now().unix_ms),
    )  # fmt: skip


def _why(reason: str) -> object:
    return reason_of(reason) if reason != "none" else None


def _form(form: str) -> str:
    return form if form in ("csv", "xlsx") else abort(404)


def _books(name: str, rule: str, view: View, menu: Menu | None = None) -> Page:
    return Page(name, rule, Right.SEE_BOOKS, view, menu, whole=True)


PAGES = (
    _books("ledger", "/ledger", _ledger, Menu.MONEY),
    _books("ledger_file", "/ledger.<form>", _ledger_file),
    _books("ledger_accounts", "/ledger/accounts", _accounts, Menu.MONEY),
    _books("ledger_account", "/ledger/accounts/<path:code>", _account),
    _books("ledger_journal", "/ledger/journal", _journal, Menu.MONEY),
    _books("ledger_journal_file", "/ledger/journal.<form>", _journal_file),
    _books("ledger_entry", "/ledger/entries/<int:number>", _entry),
    _books("ledger_record", "/ledger/records/<device>/<int:epoch>/<int:seq>", _record),
)
