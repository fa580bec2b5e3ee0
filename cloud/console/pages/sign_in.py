"""Signing in and out: the one-time first link, password, session cookie, language. No page of the campus here."""

import time
from urllib.parse import quote, unquote

from flask import g, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from cloud.console.access.accounts import NAME_MAX, PASSWORD_MAX, PASSWORD_MIN, SESSION_S, Caller
from cloud.console.access.factors import HALF_S
from cloud.console.access.rights import Right
from cloud.console.asgi import SESSION_COOKIE
from cloud.console.frame.looks import LOOKS_COOKIE, Looks, kept_looks
from cloud.console.frame.page import Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.words.catalogue import LANGUAGES
from cloud.process.passkeys import PasskeyRefused, Site, ask_for_known, id_of, uses_after

LANGUAGE_COOKIE = "ykt_lang"
HALF_COOKIE = "ykt_half"
WANTED_COOKIE = "ykt_wanted"
"""The page that a stranger asked for, to which his sign-in leads."""
WANTED_S, WANTED_MAX = 600, 1000
CODE_MAX = 20
YEAR_S = 31_536_000


def now() -> int:
    """Unix seconds."""
    return int(time.time())


def _login(sources: Sources) -> Reply:  # noqa: ARG001 - a page's signature
    """Whoever comes with a session's cookie that opens nothing was signed in once."""
    has_ended = bool(request.cookies.get(SESSION_COOKIE)) and g.signed is None
    return render_template("sign_in/login.html", fault=None, has_ended=has_ended)


def _try_login(sources: Sources) -> Reply:
    name, password = request.form.get("name", "")[:NAME_MAX], request.form.get("password", "")
    if sources.accounts.locked(name, now()):
        return render_template("sign_in/login.html", fault="locked_login"), 429
    if not sources.accounts.check(name, password, now()):
        return render_template("sign_in/login.html", fault="wrong_login"), 403
    if not sources.accounts.factors.wants_code(name):
        return _signed_in(sources, name)
    answer = redirect(url_for("login_code"))
    _hold(answer, sources, sources.accounts.factors.begin(name, now())[0])
    return answer


def _login_code(sources: Sources) -> Reply:
    if sources.accounts.factors.half(_half(), now()) is None:
        return redirect(url_for("login"))
    return render_template("sign_in/code.html", fault=None)


def _try_code(sources: Sources) -> Reply:
    """A wrong code counts as a wrong password does: six digits are guessed otherwise."""
    factors = sources.accounts.factors
    half = factors.half(_half(), now())
    if half is None or not half.name:
        return redirect(url_for("login"))
    if not sources.accounts.begin_try(half.name, now()):
        return render_template("sign_in/code.html", fault="locked_login"), 429
    if not factors.takes(half.name, request.form.get("code", "")[:CODE_MAX], now()):
        return render_template("sign_in/code.html", fault="wrong_code"), 403
    if not factors.end(_half()):
        return redirect(url_for("login"))
    sources.accounts.forget_tries(half.name)
    return _signed_in(sources, half.name)


def _ask_passkey(sources: Sources) -> Reply:
    token, challenge = sources.accounts.factors.begin("", now())
    answer = Response(ask_for_known(site(), challenge), mimetype="application/json")
    _hold(answer, sources, token)
    return answer


def _try_passkey(sources: Sources) -> Reply:
    """Anything that does not fit is one refusal: who asks learns nothing of whose keys are here."""
    factors = sources.accounts.factors
    half = factors.half(_half(), now())
    said = request.form.get("answer", "")
    if half is None or not factors.end(_half()):
        return redirect(url_for("login"))
    try:
        known = factors.passkey(id_of(said))
        uses = uses_after(site(), said, half.challenge, known.key) if known else 0
    except PasskeyRefused:
        known = None
    if known is None:
        return render_template("sign_in/login.html", fault="wrong_passkey"), 403
    factors.used(known.key.id, uses)
    return _signed_in(sources, known.name)


def site() -> Site:
    """As the browser calls us; it checks the name itself, against the certificate."""
    return Site(request.host.partition(":")[0], request.host_url.rstrip("/"))


def _hold(answer: Response, sources: Sources, token: str) -> None:
    answer.set_cookie(HALF_COOKIE, token, max_age=HALF_S, httponly=True, samesite="Strict", secure=sources.secure)


def _half() -> str:
    return request.cookies.get(HALF_COOKIE, "")


def _first_login(sources: Sources, token: str) -> Reply:
    name = sources.accounts.link_name(token, now())
    return _link_gone() if name is None else render_template("sign_in/first_login.html", name=name, fault=None)


def _use_link(sources: Sources, token: str) -> Reply:
    name = sources.accounts.link_name(token, now())
    if name is None:
        return _link_gone()
    password = request.form.get("password", "")
    fault = password_fault(password, request.form.get("again", ""))
    if fault:
        return render_template("sign_in/first_login.html", name=name, fault=fault), 400
    owner = sources.accounts.use_link(token, password, now())
    return _link_gone() if owner is None else _signed_in(sources, owner)


def _logout(sources: Sources) -> Reply:
    sources.accounts.close_session(request.cookies.get(SESSION_COOKIE, ""))
    answer = redirect(url_for("login"))
    answer.delete_cookie(SESSION_COOKIE)
    return answer


def _language(sources: Sources, code: str) -> Reply:
    if code not in LANGUAGES:
        raise NotFound
    answer = redirect(_back_to(request.args.get("at", "")))
    answer.set_cookie(LANGUAGE_COOKIE, code, max_age=YEAR_S, samesite="Lax", secure=sources.secure)
    return answer


def _back_to(path: str) -> str:
    """A page of ours as it was named, a one-time link among them; no other site's."""
    is_ours = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if is_ours else url_for("home")


def remember_wanted(answer: Response, sources: Sources) -> None:
    """A message's link survives the sign-in: what was asked for as a page, on this machine's own paths."""
    is_page = request.method == "GET" and request.headers.get("Sec-Fetch-Dest", "document") == "document"
    path = asked_for()
    if _is_renewed() and WANTED_COOKIE in request.cookies:
        return
    if is_page and path != url_for("home") and len(path) <= WANTED_MAX:
        answer.set_cookie(
            WANTED_COOKIE, quote(path), max_age=WANTED_S, httponly=True, samesite="Strict", secure=sources.secure
        )


def _is_renewed() -> bool:
    """By itself, as every open page does when its session ends: what a person has asked for meanwhile comes first."""
    is_anew = "max-age=0" in request.headers.get("Cache-Control", "")
    return is_anew and request.headers.get("Sec-Fetch-User") != "?1"


def asked_for() -> str:
    """This request's own path and query, to be asked for again."""
    query = quote(request.query_string, safe="=&%+/:")
    return quote(request.path, safe="/:") + (f"?{query}" if query else "")


def _signed_in(sources: Sources, name: str) -> Reply:
    wanted = unquote(request.cookies.get(WANTED_COOKIE, ""))
    answer = redirect(_back_to(wanted))
    token = sources.accounts.open_session(name, now(), _caller())
    answer.set_cookie(SESSION_COOKIE, token, max_age=SESSION_S, httponly=True, samesite="Strict", secure=sources.secure)
    show_as(answer, sources, kept_looks(sources.file).of(name))
    answer.delete_cookie(HALF_COOKIE)
    if wanted:
        answer.delete_cookie(WANTED_COOKIE)
    return answer


def show_as(answer: Response, sources: Sources, looks: Looks) -> None:
    """From the next page on."""
    kept = looks.cookie()
    answer.set_cookie(LOOKS_COOKIE, kept, max_age=YEAR_S, samesite="Lax", httponly=True, secure=sources.secure)


def _caller() -> Caller:
    return Caller(request.remote_addr or "", request.headers.get("User-Agent", ""))


def _link_gone() -> Reply:
    return render_template("message.html", code=410), 410


def password_fault(password: str, again: str) -> str | None:
    """Key of what is wrong with a new password, or None."""
    if password != again:
        return "passwords_differ"
    return None if PASSWORD_MIN <= len(password) <= PASSWORD_MAX else "password_short"


PAGES = (
    Page("login", "/login", Right.OPEN, _login),
    Page("try_login", "/login", Right.OPEN, _try_login, writes=True),
    Page("first_login", "/first-login/<token>", Right.OPEN, _first_login),
    Page("use_link", "/first-login/<token>", Right.OPEN, _use_link, writes=True),
    Page("login_code", "/login/code", Right.OPEN, _login_code),
    Page("try_code", "/login/code", Right.OPEN, _try_code, writes=True),
    Page("ask_passkey", "/login/passkey", Right.OPEN, _ask_passkey),
    Page("try_passkey", "/login/passkey", Right.OPEN, _try_passkey, writes=True),
    Page("logout", "/logout", Right.SELF, _logout, writes=True),
    Page("language", "/language/<code>", Right.OPEN, _language),
)
