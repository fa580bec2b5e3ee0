"""The overview as a page, and the read API beside it."""

import json

from flask import Response, abort, current_app, g, jsonify, redirect, render_template, request, url_for
from markupsafe import Markup

from cloud.console.access.rights import Right, Signed
from cloud.console.frame.page import PAGES as DECLARED
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.live.live import View
from cloud.console.pages.home.overview import entry_json
from cloud.console.pages.home.seen import seen_by
from cloud.console.pages.money.shown import of_one_total
from cloud.console.pages.system import setup
from shared.ids import card_id

ENTRIES_MAX = 100


def _home(sources: Sources) -> Reply:  # noqa: ARG001 - a page's signature
    """The first page of his menu, or what is open to everybody."""
    signed: Signed = g.signed
    mine = [page for page in current_app.config[DECLARED] if page.menu and page.is_for(signed)]
    first = min(mine, key=lambda page: list(Menu).index(page.menu), default=None)
    return redirect(url_for(first.name)) if first else (render_template("message.html", text="nothing_yet"), 200)


def _overview(sources: Sources) -> Reply:
    html = json.loads(sources.live.fragment(_view()))["html"]
    return render_template(
        "home/overview.html",
        fragment=Markup(html),  # noqa: S704 - our own template made it
        setup_left=setup.left(sources),
    )


def _api_overview(sources: Sources) -> Reply:
    return jsonify(sources.live.snapshot())


def _api_live(sources: Sources) -> Reply:
    """What the stream would say now, for a page that has no seat at it."""
    shows = request.args.get("show") == "overview"
    return Response(sources.live.fragment(_view() if shows else View(g.language)), mimetype="application/json")


def _view() -> View:
    signed: Signed = g.signed
    return View(g.language, seen_by(signed))


def _api_entries(sources: Sources) -> Reply:
    """By ?card=HEX&counter=N, or by ?device=HEX&epoch=N&seq=N."""
    if "device" in request.args:
        device, epoch, seq = _octets("device", 6), _number("epoch", 0xFFFF), _number("seq", 0xFFFF_FFFF)
        found = sources.reader.entries_of_record(device, epoch, seq)
    else:
        card, counter = _octets("card", 10), _number("counter", 0xFFFF)
        found = sources.reader.entries(card_id(card), counter)[:ENTRIES_MAX]
    return jsonify({"entries": [entry_json(entry) for entry in of_one_total(sources.reader, found, alone=True)]})


def _octets(name: str, size: int) -> bytes:
    try:
        found = bytes.fromhex(request.args.get(name, ""))
    except ValueError:
        abort(400)
    return found if len(found) == size else abort(400)


def _number(name: str, most: int) -> int:
    text = request.args.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= most):
        abort(400)
    return int(text)


PAGES = (
    Page("home", "/", Right.SELF, _home),
    Page("overview", "/overview", Right.SEE_CAMPUS, _overview, Menu.HOME),
    Page("api_overview", "/api/v1/overview", Right.SEE_CAMPUS, _api_overview),
    Page("api_live", "/api/v1/live", Right.SELF, _api_live),
    Page("api_entries", "/api/v1/entries", Right.SEE_BOOKS, _api_entries),
)
