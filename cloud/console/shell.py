"""The console's frame around its pages: a thin Flask skin, who is let in, in which language, and what is written down.

Lives under a strict CSP (cloud/process/serving.py). A route exists by `register` alone, so each has one declared right;
the read API takes a session or the machine token of the data folder. Each POST wants the session's own token and leaves
a row in the audit list, whatever came of it.
"""

import hmac
import logging
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zlib import crc32

from flask import Flask, Response, abort, g, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException

from cloud.console.access.audit import Deed
from cloud.console.access.rights import ROLE_WORDS, Right, Signed
from cloud.console.asgi import AS_COOKIE, SESSION_COOKIE, TEXT_MAX, UPLOAD_MAX, UPLOADS
from cloud.console.frame.clock import moment_of
from cloud.console.frame.looks import LOOKS_COOKIE, looks_of
from cloud.console.frame.money import sum_text
from cloud.console.frame.packed import packed
from cloud.console.frame.page import PAGES, RIGHTS, Menu, Page, Reply, register, right_of
from cloud.console.frame.saved import SavedView, saved_views
from cloud.console.frame.sources import Sources
from cloud.console.frame.told import told
from cloud.console.frame.unchanged import unchanged
from cloud.console.frame.undo import Undoable, undos
from cloud.console.live.live import View
from cloud.console.pages import index
from cloud.console.pages.alarms.counting import calling
from cloud.console.pages.home.drawn import drawn
from cloud.console.pages.home.seen import Seen
from cloud.console.pages.sign_in import LANGUAGE_COOKIE, YEAR_S, asked_for, now, remember_wanted
from cloud.console.words.catalogue import LANGUAGES, words
from cloud.console.words.faults import CODES
from cloud.console.words.terms import TERMS
from cloud.process.functions import read_off
from shared.errors import YktError
from shared.words.voice import Language, Text, speak_here

_READS = ("GET", "HEAD")
log = logging.getLogger(__name__)


def create_pages(sources: Sources) -> Flask:
    """The Flask application."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = TEXT_MAX
    app.config[RIGHTS] = {"static": Right.OPEN}
    app.jinja_env.filters["money"] = sum_text
    app.jinja_env.filters["said"] = _said
    app.before_request(lambda: _admit(app, sources))
    app.after_request(packed)  # the last: they run from below
    app.after_request(_unkept)
    app.teardown_request(lambda _: speak_here(None))
    app.after_request(unchanged)
    app.after_request(lambda answer: _written_down(app, sources, answer))
    app.register_error_handler(HTTPException, _error)
    app.register_error_handler(YktError, _refused)
    app.context_processor(lambda: _context(app))
    app.context_processor(lambda: {"alarm_count": lambda: calling(sources)})
    app.context_processor(lambda: {"moved": sources.live.moved(), "now_as_of": sources.live.as_of()})
    app.context_processor(lambda: {"views": _views(sources), "undoable": _undoable(sources)})
    app.context_processor(lambda: {"campus": sources.settings.name})
    app.url_defaults(lambda endpoint, values: _numbered(app, endpoint, values))
    off = read_off(sources.settings.data)
    register(app, sources, (page for page in index.PAGES if page.needs not in off))
    return app


def renderer(app: Flask) -> Callable[[dict[str, Any], View], str]:
    """(snapshot, view) → the overview's live part: the one template that both page and stream use."""
    template = app.jinja_env.get_template("home/live.html")

    def render(snapshot: dict[str, Any], view: View) -> str:
        if not isinstance(view.seen, Seen):
            return ""
        shown = drawn(snapshot, view.seen, lambda name: address_of(app, name, view.seen))
        return template.render(s=shown, w=words(view.language), lang=view.language, at=LANGUAGES.index(view.language))

    return render


def address_of(app: Flask, name: str, seen: Any) -> str:  # noqa: ANN401 - what a view sees
    """A page's address, for whoever sees it; '' where there is none."""
    page = next((one for one in app.config[PAGES] if one.name == name and "<" not in one.rule), None)
    return page.rule if page and (page.right in seen.some or page.right is Right.SELF) else ""


def _admit(app: Flask, sources: Sources) -> Reply | None:
    g.language, g.signed = _language(), None
    speak_here(Language(g.language))
    request.max_content_length = UPLOAD_MAX if request.path.startswith(UPLOADS) else TEXT_MAX
    right = right_of(app, request.endpoint)
    signed = sources.accounts.session(request.cookies.get(SESSION_COOKIE, ""), now())
    if signed and right is not Right.SELF:
        signed = signed.looking_through(request.cookies.get(AS_COOKIE, ""))
    g.signed = signed
    if right is Right.OPEN:
        return None
    if signed is None:
        return None if _is_machine(sources.api_token) else _stranger(sources, right)
    if right is None:
        abort(404)
    if not signed.may(right):
        abort(403)
    if request.method not in _READS and not _is_own_form(signed):
        abort(400)
    if request.method not in _READS and signed.seen_as:
        abort(403)
    return None


def _stranger(sources: Sources, right: Right | None) -> Reply:
    """A link of another site (a mail's) comes without the session's cookie, which is strict: asked for once more from
    a page of ours, it comes with it."""
    if request.path.startswith("/api/"):
        abort(401)
    answer = redirect(url_for("login"))
    if right is None:
        return answer
    if request.method == "GET" and request.headers.get("Sec-Fetch-Site") == "cross-site":
        return render_template("sign_in/again.html", to=asked_for())
    remember_wanted(answer, sources)
    return answer


def _is_own_form(signed: Signed) -> bool:
    """No other site's: it carries what only our page of this session knew (OWASP, synchronizer token)."""
    given = request.form.get("csrf", "") or request.headers.get("X-CSRF", "")
    return hmac.compare_digest(given.encode(), signed.csrf.encode())


def _is_machine(token: str) -> bool:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    is_read = request.method in _READS and request.path.startswith("/api/")
    return is_read and bool(given) and hmac.compare_digest(given.encode(), token.encode())


def _undoable(sources: Sources) -> Undoable | None:
    """What the act before this page did, while whoever did it may take it back."""
    token, signed = request.args.get("undo", ""), g.get("signed")
    return undos(sources.file).of(token, signed.name, now() * 1000) if token and signed else None


def _views(sources: Sources) -> list[SavedView]:
    """What somebody has saved; a file that cannot be read takes the menu's end away and no page."""
    if g.get("signed") is None:
        return []
    try:
        return saved_views(sources.file).of(g.signed.name)
    except YktError:
        return []


def _numbered(app: Flask, endpoint: str, values: dict[str, Any]) -> None:
    """A file of ours has its content's number in its address, so it may be kept for ever."""
    if endpoint == "static":
        values["v"] = _number_of(app, values["filename"])


def _number_of(app: Flask, name: str) -> str:
    known: dict[str, str] = app.extensions.setdefault("ykt-static", {})
    if name not in known:
        known[name] = f"{crc32((Path(app.static_folder or '') / name).read_bytes()):08x}"
    return known[name]


def _unkept(answer: Response) -> Response:
    if request.endpoint == "static" and "v" in request.args:
        answer.headers["Cache-Control"] = f"max-age={YEAR_S}, immutable"
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer


def _written_down(app: Flask, sources: Sources, answer: Response) -> Response:
    """An act whose row cannot be written was done all the same: that is told, in the log, and the answer stands."""
    if request.method in _READS or right_of(app, request.endpoint) is None:
        return answer
    said, signed = told(), g.get("signed")
    deed = Deed(
        int(time.time() * 1000), signed.name if signed else "", request.remote_addr or "", request.endpoint or "",
        said.object, said.said.zh if said.said else "", said.said.en if said.said else "", answer.status_code,
    )  # fmt: skip
    try:
        sources.audit.write(deed)
    except YktError:
        log.error("the audit list cannot be written: %s by %r", deed.act, deed.who)
    return answer


def _context(app: Flask) -> dict[str, Any]:
    language, signed = g.get("language", LANGUAGES[0]), g.get("signed")
    return {
        "w": words(language), "lang": language, "at": LANGUAGES.index(language), "signed": signed,
        "operator": signed.name if signed else None, "menu": _menu(app, signed), "may": _may(signed), "Right": Right,
        "jumps": [(key, name) for key, name in JUMPS.items() if name in _names(app, signed)],
        "looks": looks_of(request.cookies.get(LOOKS_COOKIE, "")),
        "terms": TERMS.get(request.endpoint or "", ()) if signed else (),
        "seen_as": ROLE_WORDS[signed.seen_as] if signed and signed.seen_as else None,
    }  # fmt: skip


JUMPS = {
    "o": "overview", "d": "devices", "a": "alarms", "t": "topology", "p": "plans", "j": "jobs", "m": "morning",
    "c": "cards", "r": "reports", "u": "people",
}  # fmt: skip
"""g and then this letter goes to the page of this name, where it is in his menu."""


def _names(app: Flask, signed: Signed | None) -> set[str]:
    return {page.name for _, pages in _menu(app, signed) for page in pages}


def _menu(app: Flask, signed: Signed | None) -> list[tuple[Menu, list[Page]]]:
    """What somebody sees of it; a part that has nothing for him is not there."""
    if signed is None:
        return []
    mine = [page for page in app.config[PAGES] if page.menu and page.is_for(signed)]
    parts = [(part, [page for page in mine if page.menu is part]) for part in Menu]
    return [(part, pages) for part, pages in parts if pages]


def _may(signed: Signed | None) -> Callable[[Right], bool]:
    return signed.may if signed else lambda _: False


def _error(fault: HTTPException) -> Reply:
    code = fault.code or 500
    if request.path.startswith("/api/"):
        return Response(f'{{"error": {code}}}', status=code, mimetype="application/json")
    said = code if code in CODES else 500
    number = _fault_number(fault) if said == 500 else ""
    at_time = moment_of(int(time.time() * 1000))
    return render_template("message.html", code=said, number=number, at_time=at_time, roles=ROLE_WORDS), code


def _fault_number(fault: HTTPException) -> str:
    """What a person can quote, and whoever reads the log can find."""
    number = secrets.token_hex(4)
    log.error("fault %s at %s: %r", number, request.path, getattr(fault, "original_exception", None) or fault)
    return number


def _refused(fault: YktError) -> Reply:
    """What a part of ours refuses is said as it says it; the rest of the console goes on."""
    if request.path.startswith("/api/"):
        return Response('{"error": 503}', status=503, mimetype="application/json")
    return render_template("fault.html", fault=_said(fault.args[0] if fault.args else "")), 503


def _said(text: object) -> str:
    """A Text, or a pair of Chinese and English, in the page's language; anything else as it is."""
    language = g.get("language", LANGUAGES[0])
    if isinstance(text, Text):
        return text.in_language(Language(language))
    if isinstance(text, list | tuple):
        return str(text[LANGUAGES.index(language)])
    return str(text)


def _language() -> str:
    wanted = request.args.get("lang") or request.cookies.get(LANGUAGE_COOKIE, "zh")
    return wanted if wanted in LANGUAGES else "zh"
