"""The audit list 审计 as a page: who did what, found by person, act, object or words, and whether its chain holds."""

from flask import render_template, request

from cloud.console.access.audit import Question, Row
from cloud.console.access.rights import Right
from cloud.console.frame.export import csv_answer
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.table import FIND_MAX, Column
from cloud.console.pages.people.people import moment
from cloud.console.pages.sign_in import now

SHOWN = 100
_EXPORT: tuple[Column[Row], ...] = (
    Column("number", lambda row: row.number), Column("time", lambda row: moment(row.deed.at_ms // 1000)),
    Column("who", lambda row: row.deed.who), Column("from", lambda row: row.deed.address),
    Column("act", lambda row: row.deed.act), Column("object", lambda row: row.deed.object),
    Column("done", lambda row: row.deed.zh), Column("done", lambda row: row.deed.en),
    Column("status", lambda row: row.deed.status),
)  # fmt: skip


def _listed(sources: Sources) -> Reply:
    question = _question()
    rows = sources.audit.rows(question, SHOWN)
    return render_template(
        "people/audit.html", rows=rows, question=question, moment=moment, chain=sources.audit.look(now() * 1000),
        more=rows[-1].number if len(rows) == SHOWN else 0,
    )  # fmt: skip


def _listed_csv(sources: Sources) -> Reply:
    return csv_answer("audit", [column.name for column in _EXPORT], _EXPORT, sources.audit.rows(_question()))


def _question() -> Question:
    said = {name: request.args.get(name, "").strip()[:FIND_MAX] for name in ("who", "act", "object", "find")}
    before = request.args.get("before", "")
    return Question(**said, before=int(before) if before.isascii() and before.isdigit() and len(before) < 12 else 0)


PAGES = (
    Page("audit", "/audit", Right.SEE_AUDIT, _listed, Menu.SYSTEM),
    Page("audit_csv", "/audit.csv", Right.SEE_AUDIT, _listed_csv),
)
