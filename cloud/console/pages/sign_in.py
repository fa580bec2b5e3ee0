"""Signing in and out: the one-time first link, password, session cookie, language. No page of the campus here."""

import time

from flask import redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound

from cloud.console.access.accounts import NAME_MAX, PASSWORD_MAX, PASSWORD_MIN, SESSION_S, Caller
from cloud.console.access.rights import Right
from cloud.console.asgi import SESSION_COOKIE
from cloud.console.frame.page import Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.words.catalogue import LANGUAGES

LANGUAGE_COOKIE = "ykt_lang"
YEAR_S = 31_536_000


def now() -> int:
    """Unix seconds."""
    return int(time.time())


def _login(sources: Sources) -> Reply:  # noqa: ARG001 - a page's signature
    return render_template("login.html", fault=None)


def _try_login(sources: Sources) -> Reply:
    name, password = request.form.get("name", "")[:NAME_MAX], request.form.get("password", "")
    if sources.accounts.locked(name, now()):
        return render_template("login.html", fault="locked_login"), 429
    if not sources.accounts.check(name, password, now()):
        return render_template("login.html", fault="wrong_login"), 403
    return _signed_in(sources, name)


def _first_login(sources: Sources, token: str) -> Reply:
    name = sources.accounts.link_name(token, now())
    return _link_gone() if name is None else render_template("first_login.html", name=name, fault=None)


def _use_link(sources: Sources, token: str) -> Reply:
    name = sources.accounts.link_name(token, now())
    if name is None:
        return _link_gone()
    password = request.form.get("password", "")
    fault = password_fault(password, request.form.get("again", ""))
    if fault:
        return render_template("first_login.html", name=name, fault=fault), 400
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
    """The page that the language was chosen on, a one-time link among them; no other site's."""
    is_ours = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if is_ours else url_for("home")


def _signed_in(sources: Sources, name: str) -> Reply:
    answer = redirect(url_for("home"))
    token = sources.accounts.open_session(name, now(), _caller())
    answer.set_cookie(SESSION_COOKIE, token, max_age=SESSION_S, httponly=True, samesite="Strict", secure=sources.secure)
    return answer


def _caller() -> Caller:
    return Caller(request.remote_addr or "", request.headers.get("User-Agent", ""))


def _link_gone() -> Reply:
    return render_template("message.html", text="first_login_gone"), 410


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
    Page("logout", "/logout", Right.SELF, _logout, writes=True),
    Page("language", "/language/<code>", Right.OPEN, _language),
)
