"""Exposure 风险敞口: the worst case now, its formula and inputs, as tables by place, terminal and card; and as JSON.

Levels of places are those that the reader gives. What is not known counts at its worst, and is named where it stands.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import g, jsonify, render_template, request, url_for

from cloud.console.access.rights import Right
from cloud.console.frame.clock import moment_of, wall_now
from cloud.console.frame.export import csv_answer
from cloud.console.frame.money import in_yuan, sum_text
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.table import Asked, Column, asked, fitting, listed, ordered
from cloud.console.words.catalogue import words
from cloud.ledger.read.shown.risk import CardRisk, PlaceRisk, Risk, TillRisk, Unknown
from cloud.words.balance.exposure import FORMULA, UNKNOWN, exposure_json, head, inputs, item_lines
from shared.clocks.clock import time_text
from shared.words.spans import span
from shared.words.voice import Language, Text

Row = dict[str, Any]
PLACES: dict[str, Callable[[Risk], Sequence[PlaceRisk]]] = {
    "canteen": lambda risk: risk.canteens,
    "merchant": lambda risk: risk.merchants,
    "box": lambda risk: risk.boxes,
}
"""Levels of places, from above; each is an attribute of a terminal's row, too, by which its terminals are chosen."""
FILTERS = ("level", *PLACES, "unknown")
_SUMS: tuple[Column[Row], ...] = (
    Column("exposure", lambda one: in_yuan(one["fen"]), numeric=True),
    Column("exposure_owed", lambda one: in_yuan(one["owed_fen"]), numeric=True),
    Column("exposure_listed", lambda one: in_yuan(one["listed_fen"]), numeric=True),
)
_SILENT: Column[Row] = Column("exposure_silent", lambda one: in_yuan(one["silent_fen"]), numeric=True)
_UNKNOWN: Column[Row] = Column("exposure_unknown", lambda one: one["unknown"])
TILLS: tuple[Column[Row], ...] = (
    Column("terminal", lambda one: one["name"]), Column("place", lambda one: one["place"]),
    Column("merchant", lambda one: one["merchant"]), Column("box", lambda one: one["box"]), _SUMS[0],
    Column("exposure_factors", lambda one: one["factors"]), *_SUMS[1:],
    Column("exposure_list_age", lambda one: one["age_s"], numeric=True), _SILENT, _UNKNOWN,
)  # fmt: skip
CARDS: tuple[Column[Row], ...] = (
    Column("card", lambda one: one["label"]), _SUMS[0], Column("exposure_since", lambda one: one["since"]),
    Column("exposure_open_at", lambda one: one["terminals"], numeric=True),
    Column("exposure_bound", lambda one: one["bound"]),
)  # fmt: skip


class Level(NamedTuple):
    """A table: what it is of, its columns, its rows, the worst first."""

    name: str
    columns: tuple[Column[Row], ...]
    rows: list[Row]


def _exposure(sources: Sources) -> Reply:
    risk, wanted = sources.reader.exposure(wall_now()), asked(request.args, FILTERS)
    level = _level(risk, wanted)
    return render_template(
        "reports/exposure.html", risk=risk, head=head(risk), formula=FORMULA, inputs=inputs(risk),
        items=list(item_lines(risk)), unknown=_unknown(risk), level=level.name, chosen=_chosen(wanted),
        levels=[(name, f"?level={name}") for name in (*PLACES, "terminal", "card")], places=tuple(PLACES),
        list=listed(level.rows, level.columns, wanted), as_of=moment_of(wall_now().unix_ms),
        may_lower=g.signed.everywhere(Right.COMMAND), may_decide=g.signed.everywhere(Right.DECIDE),
        sees_devices=g.signed.everywhere(Right.SEE_CAMPUS), sees_cards=g.signed.everywhere(Right.SEE_CARDS),
    )  # fmt: skip


def _exposure_csv(sources: Sources) -> Reply:
    wanted, said = asked(request.args, FILTERS), words(g.language)
    level = _level(sources.reader.exposure(wall_now()), wanted)
    rows = ordered(fitting(level.rows, level.columns, wanted.find), level.columns, wanted)
    return csv_answer(f"exposure-{level.name}", [said[one.name] for one in level.columns], level.columns, rows)


def _api_exposure(sources: Sources) -> Reply:
    return jsonify(exposure_json(sources.reader.exposure(wall_now())))


def _level(risk: Risk, wanted: Asked) -> Level:
    kept = dict(wanted.kept)
    name = kept.get("level", next(iter(PLACES)))
    if name == "card":
        return Level(name, CARDS, [_card(one) for one in risk.cards])
    if name == "terminal":
        return Level(name, TILLS, [_till(one) for one in risk.terminals if _is_chosen(one, kept)])
    name = name if name in PLACES else next(iter(PLACES))
    return Level(name, _place_columns(name), [_place(name, one) for one in PLACES[name](risk)])


def _place_columns(name: str) -> tuple[Column[Row], ...]:
    return (
        Column(name, lambda one: one["name"]), *_SUMS,
        Column("exposure_records", lambda one: one["records"], numeric=True),
        Column("exposure_tills", lambda one: one["terminals"], numeric=True), _SILENT,
        Column("exposure_unknown", lambda one: one["unknown"], numeric=True),
    )  # fmt: skip


def _is_chosen(one: TillRisk, kept: dict[str, str]) -> bool:
    """A terminal in no canteen stands in its box's, as the reader has it."""
    till = one.till
    of = {"canteen": till.canteen or till.box, "merchant": till.merchant or "-", "box": till.box}
    is_there = all(of[name] == kept[name] for name in PLACES if name in kept)
    return is_there and kept.get("unknown", "") in {"", *map(str, one.unknown)}


def _chosen(wanted: Asked) -> list[str]:
    """What the terminals are chosen by, as a line."""
    kept = dict(wanted.kept)
    said = words(g.language)
    named = [f"{said[name]} {kept[name]}" for name in PLACES if name in kept]
    what = next((one for one in Unknown if str(one) == kept.get("unknown")), None)
    return named + ([_spoken(UNKNOWN[what])] if what else [])


def _unknown(risk: Risk) -> list[Row]:
    """What nobody knows, of how many, and where to see to it."""
    seen_to = {Unknown.CAPS: "parameters", Unknown.HOTLIST: "devices", Unknown.HEARD: "devices"}
    return [
        {"said": UNKNOWN[what], "count": count, "link": f"?level=terminal&unknown={what}",
         "page": seen_to[what], "to": url_for(seen_to[what])}
        for what, count in risk.unknown.items() if count
    ]  # fmt: skip


def _place(level: str, one: PlaceRisk) -> Row:
    return {
        "name": one.name, "fen": one.fen, "owed_fen": one.arrears_fen, "listed_fen": one.listed_fen,
        "records": one.records, "terminals": one.terminals, "unknown": one.unknown, "silent_fen": one.silent_fen,
        "link": "?" + urlencode({"level": "terminal", level: one.name or "-"}),
    }  # fmt: skip


def _till(one: TillRisk) -> Row:
    till = one.till
    return {
        "device": till.device.hex(), "name": till.name, "place": till.place, "merchant": till.merchant,
        "box": till.box, "fen": one.fen, "owed_fen": one.arrears_fen, "listed_fen": one.listed_fen,
        "factors": f"{till.records + till.open_slots} × {sum_text(one.single_fen)}", "open_cards": one.open_cards,
        "age_s": one.age_s, "age": None if one.age_s is None else _spoken(Text(*span(one.age_s))),
        "silent_fen": one.silent_fen, "is_silent": till.is_silent,
        "silence": _silence(one) if till.is_silent else "",
        "unknown": "；".join(_spoken(UNKNOWN[what]) for what in Unknown if what in one.unknown),
    }  # fmt: skip


def _silence(one: TillRisk) -> str:
    if not one.till.heard_ms:
        return _spoken(Text("从未联系", "never heard"))
    return _spoken(Text(*span(one.till.silent_s)))


def _card(one: CardRisk) -> Row:
    card = one.card
    bound = None if card.is_bounded else _spoken(Text("不以余额为限", "its balance bounds nothing"))
    return {
        "card": card.card.hex(), "label": card.label, "fen": one.fen, "owed_fen": 0, "listed_fen": one.fen,
        "since": time_text(max(0, card.since_s)), "terminals": one.terminals,
        "bound": bound or sum_text(card.purse_fen),
    }  # fmt: skip


def _spoken(said: Text) -> str:
    return said.in_language(Language(g.language))


PAGES = (
    Page("exposure", "/exposure", Right.SEE_BOOKS, _exposure, Menu.MONEY, whole=True),
    Page("exposure_csv", "/exposure.csv", Right.SEE_BOOKS, _exposure_csv, whole=True),
    Page("api_exposure", "/api/v1/exposure", Right.SEE_BOOKS, _api_exposure, whole=True),
)
