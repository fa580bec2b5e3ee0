"""The console's pages: a thin Flask skin. No rule of money here; it shows what the ledger's read side says.

Chinese first. Lives under a strict CSP (cloud/process/serving.py): no third-party file. Every route but the login pages
and the static files wants a session; the read API takes a session or the machine token of the data folder.
"""

import hmac
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, abort, g, jsonify, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException

from cloud.console.asgi import FORM_MAX, SESSION_COOKIE
from cloud.console.pages import sign_in
from cloud.console.pages.sign_in import LANGUAGE_COOKIE, Reply, Sources, now
from cloud.console.words.catalogue import LANGUAGES, words
from shared.money import yuan

OPEN_ENDPOINTS = frozenset({"login", "first_login", "static", "language"})
"""Routes that answer without a session; a test walks all others."""
ENTRIES_MAX = 100


def create_pages(sources: Sources) -> Flask:
    """The Flask application."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = FORM_MAX
    app.jinja_env.filters["yuan"] = yuan
    app.before_request(lambda: _admit(sources))
    app.after_request(_unkept)
    app.register_error_handler(HTTPException, _error)
    app.context_processor(lambda: {"w": words(_language()), "lang": _language(), "operator": g.get("operator")})
    sign_in.add_pages(app, sources)
    _add_read_pages(app, sources)
    return app


def renderer(app: Flask) -> Callable[[dict[str, Any], str], str]:
    """(snapshot, language) → the overview's live part: the one template that both page and stream use."""
    template = app.jinja_env.get_template("live.html")
    return lambda snapshot, language: template.render(s=snapshot, w=words(language), lang=language)


def _add_read_pages(app: Flask, sources: Sources) -> None:
    @app.route("/")
    def overview() -> Reply:
        return render_template("overview.html", s=sources.snapshot())

    @app.route("/api/v1/overview")
    def api_overview() -> Reply:
        return jsonify(sources.snapshot())

    @app.route("/api/v1/live")
    def api_live() -> Reply:
        """What the stream would say now, for a page that has no seat at it."""
        return Response(sources.fragment(_language()), mimetype="application/json")

    @app.route("/api/v1/entries")
    def api_entries() -> Reply:
        """By ?card=HEX&counter=N, or by ?device=HEX&epoch=N&seq=N."""
        if "device" in request.args:
            device, (epoch, seq) = _octets("device", 6), (_number("epoch", 0xFFFF), _number("seq", 0xFFFF_FFFF))
            return jsonify({"entries": sources.entries_of_record(device, epoch, seq)})
        card, counter = _octets("card", 10), _number("counter", 0xFFFF)
        return jsonify({"entries": sources.entries(card, counter, ENTRIES_MAX)})


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


def _admit(sources: Sources) -> Reply | None:
    g.operator = None
    found = sources.accounts.session(request.cookies.get(SESSION_COOKIE, ""), now())
    if found:
        g.operator, g.csrf = found
        return None
    if request.endpoint in OPEN_ENDPOINTS or _machine(sources.api_token):
        return None
    if request.path.startswith("/api/"):
        abort(401)
    return redirect(url_for("login"))


def _machine(token: str) -> bool:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    is_read = request.method in ("GET", "HEAD") and request.path.startswith("/api/")
    return is_read and bool(given) and hmac.compare_digest(given.encode(), token.encode())


def _unkept(answer: Response) -> Response:
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer


def _error(fault: HTTPException) -> Reply:
    code = fault.code or 500
    if request.path.startswith("/api/"):
        return Response(f'{{"error": {code}}}', status=code, mimetype="application/json")
    return render_template("message.html", text="not_found" if code == 404 else "form_expired"), code


def _language() -> str:
    wanted = request.args.get("lang") or request.cookies.get(LANGUAGE_COOKIE, "zh")
    return wanted if wanted in LANGUAGES else "zh"
