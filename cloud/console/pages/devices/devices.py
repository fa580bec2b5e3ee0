"""Devices 设备: every terminal with its state as its box says it; a silent box makes its terminals unknown."""

import time
from typing import Any

from flask import g, render_template, request

from cloud.console.access.rights import Right, Signed
from cloud.console.frame.export import csv_answer
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.table import Asked, Column, asked, fitting, listed, ordered
from cloud.console.pages.home.overview import terminal_rows
from cloud.console.words.catalogue import words

Row = dict[str, Any]
COLUMNS: tuple[Column[Row], ...] = (
    Column("terminal", lambda row: row["name"]),
    Column("place", lambda row: row["place"]),
    Column("merchant", lambda row: row["merchant"]),
    Column("box", lambda row: row["box"]),
    Column("link", lambda row: row["link"]),
    Column("state", lambda row: row["state"]),
    Column("owes", lambda row: row["owes"], numeric=True),
    Column("open_slots", lambda row: row["open_slots"], numeric=True),
)
FILTERS = ("box", "state")


def _devices(sources: Sources) -> Reply:
    wanted = asked(request.args, FILTERS)
    found = _rows(sources, wanted)
    return render_template("devices/devices.html", list=listed(found, COLUMNS, wanted))


def _devices_csv(sources: Sources) -> Reply:
    wanted = asked(request.args, FILTERS)
    said = words(g.language)
    rows = ordered(fitting(_rows(sources, wanted), COLUMNS, wanted.find), COLUMNS, wanted)
    return csv_answer("devices", [said[column.name] for column in COLUMNS], COLUMNS, rows)


def _rows(sources: Sources, wanted: Asked) -> list[Row]:
    """Of the places that he may see, as the filters choose."""
    signed: Signed = g.signed
    kept = dict(wanted.kept)
    return [
        row for row in terminal_rows(sources.reader, int(time.time() * 1000))
        if signed.sees(Right.SEE_CAMPUS, box=row["box"], merchant=row["merchant"])
        and all(row[name] == value for name, value in kept.items())
    ]  # fmt: skip


PAGES = (
    Page("devices", "/devices", Right.SEE_CAMPUS, _devices, Menu.DEVICES),
    Page("devices_csv", "/devices.csv", Right.SEE_CAMPUS, _devices_csv),
)
