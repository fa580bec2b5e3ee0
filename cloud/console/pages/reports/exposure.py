"""Exposure 风险敞口: the worst case now, its formula and inputs, by box, terminal and card; the same as JSON."""

from flask import jsonify, render_template

from cloud.console.access.rights import Right
from cloud.console.frame.clock import moment_of, wall_now
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.words.balance.exposure import FORMULA, exposure_json, head, inputs, parts, unknown_lines

SHOWN_MAX = 100
"""Rows of each kind, the worst; the interface gives all."""


def _exposure(sources: Sources) -> Reply:
    risk = sources.reader.exposure(wall_now())
    return render_template(
        "reports/exposure.html", head=head(risk), formula=FORMULA, inputs=inputs(risk), shown=SHOWN_MAX,
        unknown=list(unknown_lines(risk)), parts=list(parts(risk)), as_of=moment_of(wall_now().unix_ms),
    )  # fmt: skip


def _api_exposure(sources: Sources) -> Reply:
    return jsonify(exposure_json(sources.reader.exposure(wall_now())))


PAGES = (
    Page("exposure", "/exposure", Right.SEE_BOOKS, _exposure, Menu.MONEY, whole=True),
    Page("api_exposure", "/api/v1/exposure", Right.SEE_BOOKS, _api_exposure, whole=True),
)
