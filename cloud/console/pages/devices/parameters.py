"""Parameters 参数 and other documents: what each terminal should have beside what it says; pushes; one's difference.

A file is edited, compared and pushed in `pushing`.
"""

from collections import Counter
from typing import Any

from flask import abort, g, render_template, request

from cloud.console.access.rights import Right, Signed
from cloud.console.frame.export import csv_answer
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.table import Column, asked, fitting, listed, ordered
from cloud.console.pages.devices.commands import campus_now
from cloud.console.pages.devices.deeds import REASON_MAX
from cloud.console.pages.devices.devices import seen_rows
from cloud.console.pages.parameters.trying import may_decide, may_make
from cloud.console.pages.parameters.waiting import waiting_cases
from cloud.console.words.catalogue import words
from cloud.ledger.fleet.documents.standing import DocumentState, TerminalRow
from cloud.parameters.campus_file import read_file
from cloud.parameters.differences import difference_lines
from cloud.words.fleet.documents import STATES, document_name
from cloud.words.fleet.parameters import KINDS
from shared.clocks.clock import time_text
from shared.fleet.document import DocumentKind
from shared.words.spans import span
from shared.words.voice import Language, Text

PUSHES = 30
Line = dict[str, Any]
COLUMNS: tuple[Column[Line], ...] = (
    Column("terminal", lambda one: one["name"]),
    Column("place", lambda one: one["place"]),
    Column("box", lambda one: one["box"]),
    Column("document", lambda one: one["document"]),
    Column("wanted", lambda one: one["wanted"], numeric=True),
    Column("reported", lambda one: one["reported"], numeric=True),
    Column("state", lambda one: one["said"]),
)
FILTERS = ("document", "standing")


def _parameters(sources: Sources) -> Reply:
    now, wanted, clock = campus_now(sources), asked(request.args, FILTERS), sources.clock()
    every = _lines(sources, now.unix_ms)
    kept = dict(wanted.kept)
    lines = [one for one in every if all(one[f"{name}_key"] == value for name, value in kept.items())]
    return render_template(
        "devices/parameters.html", list=listed(lines, COLUMNS, wanted), facets=_facets(every, wanted),
        pushes=_pushes(sources), cases=waiting_cases(sources, now) if g.signed.everywhere(Right.SEE_CAMPUS) else [],
        may_make=may_make(), may_decide=may_decide(),
        reason_max=REASON_MAX, as_of=time_text(now.campus_s), moment=lambda ms: time_text(int(clock.at(ms / 1000))),
    )  # fmt: skip


def _parameters_csv(sources: Sources) -> Reply:
    wanted, said = asked(request.args, FILTERS), words(g.language)
    kept = dict(wanted.kept)
    lines = _lines(sources, campus_now(sources).unix_ms)
    lines = [one for one in lines if all(one[f"{name}_key"] == value for name, value in kept.items())]
    rows = ordered(fitting(lines, COLUMNS, wanted.find), COLUMNS, wanted)
    return csv_answer("documents", [said[column.name] for column in COLUMNS], COLUMNS, rows)


def _difference(sources: Sources, device: str) -> Reply:
    """From what it says that it uses to what it should have."""
    now = campus_now(sources)
    row = next((one for one in seen_rows(sources, now.unix_ms) if one["device"] == device), None)
    if row is None:
        abort(404)
    rows = sources.reader.fleet.documents_of(bytes.fromhex(device))
    one = next((one for one in rows if one.which[0] is DocumentKind.PARAMETERS), None)
    reported = one.known.said.generation if one and one.known else None
    return render_template(
        "devices/difference.html", row=row, wanted=one.wanted if one else None, reported=reported,
        lines=_changes(sources, bytes.fromhex(device), reported, one.wanted if one else 0),
        as_of=time_text(now.campus_s),
    )  # fmt: skip


def _changes(sources: Sources, device: bytes, reported: int | None, wanted: int) -> list[Text] | None:
    """None: what it uses is not known, or was not made here."""
    reader = sources.reader
    before = reader.fleet.parameters_made(device, reported) if reported else None
    after, history = reader.fleet.parameters_made(device, wanted) if wanted else None, reader.fleet.parameter_pushes()
    if reported is None or after is None or not history or (reported and before is None):
        return None
    return list(difference_lines(read_file(history[-1][1].text), before, after))


def _lines(sources: Sources, now_ms: int) -> list[Line]:
    """Of terminals that he sees; what is red or late first."""
    signed: Signed = g.signed
    rows = [
        one for one in sources.reader.fleet.documents().terminals
        if one.standing is not DocumentState.UNUSED
        and signed.sees(Right.SEE_CAMPUS, box=one.box, merchant=one.merchant)
    ]  # fmt: skip
    lines = [_line(one, now_ms) for one in rows]
    return sorted(lines, key=lambda one: (("bad", "warn", "off", "ok").index(one["mark"]), one["name"]))


def _line(one: TerminalRow, now_ms: int) -> Line:
    marks = {DocumentState.IN_USE: "ok", DocumentState.UNKNOWN: "off"}
    return {
        "device": one.device.hex(), "name": one.name, "place": one.place, "box": one.box,
        "document": _spoken(document_name(*one.which)), "document_key": one.which[0].name.lower(),
        "wanted": one.wanted or None,
        "reported": one.known.said.generation if one.known else None, "said": _spoken(STATES[one.standing]),
        "standing_key": one.standing.value, "mark": "bad" if one.standing.is_red else marks.get(one.standing, "warn"),
        "behind": list(span(max(0, now_ms - one.behind_ms) // 1000)) if one.behind_ms else None,
    }  # fmt: skip


def _facets(lines: list[Line], wanted: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - frame.table's Asked
    found = []
    for name in FILTERS:
        others = tuple(pair for pair in wanted.kept if pair[0] != name)
        chosen = dict(wanted.kept).get(name)
        there = [one for one in lines if all(one[f"{key}_key"] == value for key, value in others)]
        said = {one[f"{name}_key"]: one["document" if name == "document" else "said"] for one in there}
        values = [
            {
                "said": said[key], "rows": count, "is_on": key == chosen,
                "link": wanted._replace(kept=others if key == chosen else (*others, (name, key)), page=1).link(),
            }
            for key, count in Counter(one[f"{name}_key"] for one in there).most_common()
        ]  # fmt: skip
        found.append({"name": name, "options": values})
    return found


def _pushes(sources: Sources) -> list[dict[str, Any]]:
    """The newest first."""
    history = sources.reader.fleet.parameter_pushes()[-PUSHES:]
    return [
        {"push": push, "kind": KINDS[push.kind], "title": read_file(kept.text).title, "digest": kept.digest.hex()[:12]}
        for push, kept in reversed(history)
    ]  # fmt: skip


def _spoken(said: Text) -> str:
    return said.in_language(Language(g.language))


PAGES = (
    Page("parameters", "/parameters", Right.SEE_CAMPUS, _parameters, Menu.DEVICES),
    Page("parameters_csv", "/parameters.csv", Right.SEE_CAMPUS, _parameters_csv),
    Page("parameter_difference", "/parameters/<device>", Right.SEE_CAMPUS, _difference),
)
