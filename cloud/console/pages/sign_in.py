"""Signing in and out: the one-time first link, password, session cookie, language. No page of the campus here."""

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Flask, abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from cloud.console.access.accounts import NAME_MAX, PASSWORD_MAX, PASSWORD_MIN, SESSION_S, Accounts
from cloud.console.asgi import SESSION_COOKIE
from cloud.console.words.catalogue import LANGUAGES

LANGUAGE_COOKIE = "ykt_lang"
YEAR_S = 31_536_000

Reply = str | Response | tuple[str, int]


@dataclass(frozen=True, slots=True)
class Sources:
    """What the pages read: the newest snapshot, its fragment of the page in a language, entries by (card, counter) and
    by (device, epoch, seq), operators, the machine token."""

    snapshot: Callable[[], dict[str, Any]]
    fragment: Callable[[str], str]
    entries: Callable[[bytes, int, int], list[dict[str, Any]]]
    entries_of_record: Callable[[bytes, int, int], list[dict[str, Any]]]
    accounts: Accounts
    api_token: str
    secure: bool


def add_pages(app: Flask, sources: Sources) -> None:
    """Routes login, first_login, logout, language."""
    for endpoint, rule, methods, view in (
        ("login", "/login", ("GET", "POST"), _login),
        ("first_login", "/first-login/<token>", ("GET", "POST"), _first_login),
        ("logout", "/logout", ("POST",), _logout),
        ("language", "/language/<code>", ("GET",), _language),
    ):
        app.add_url_rule(rule, endpoint, partial(view, sources), methods=methods)


def now() -> int:
    """Unix seconds."""
    return int(time.time())


def _login(sources: Sources) -> Reply:
    if request.method == "GET":
        return render_template("login.html", fault=None)
    name, password = request.form.get("name", "")[:NAME_MAX], request.form.get("password", "")
    if sources.accounts.locked(name, now()):
        return render_template("login.html", fault="locked_login"), 429
    if not sources.accounts.check(name, password, now()):
        return render_template("login.html", fault="wrong_login"), 403
    return _signed_in(sources, name)


def _first_login(sources: Sources, token: str) -> Reply:
    name = sources.accounts.link_name(token, now())
    if name is None:
        return _link_gone()
    if request.method == "GET":
        return render_template("first_login.html", name=name, fault=None)
    password = request.form.get("password", "")
    fault = _password_fault(password, request.form.get("again", ""))
    if fault:
        return render_template("first_login.html", name=name, fault=fault), 400
    owner = sources.accounts.use_link(token, password, now())
    return _link_gone() if owner is None else _signed_in(sources, owner)


def _logout(sources: Sources) -> Reply:
    if not hmac.compare_digest(request.form.get("csrf", "").encode(), g.get("csrf", "").encode()):
        abort(400)
    sources.accounts.close_session(request.cookies.get(SESSION_COOKIE, ""))
    answer = redirect(url_for("login"))
    answer.delete_cookie(SESSION_COOKIE)
    return answer


def _language(sources: Sources, code: str) -> Reply:
    if code not in LANGUAGES:
        abort(404)
    answer = redirect(_back_to(request.args.get("at", "")))
    answer.set_cookie(LANGUAGE_COOKIE, code, max_age=YEAR_S, samesite="Lax", secure=sources.secure)
    return answer


def _back_to(path: str) -> str:
    """The page that the language was chosen on, a one-time link among them; no other site's."""
    is_ours = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if is_ours else url_for("overview")


def _signed_in(sources: Sources, name: str) -> Reply:
    answer = redirect(url_for("overview"))
    token = sources.accounts.open_session(name, now())
    answer.set_cookie(SESSION_COOKIE, token, max_age=SESSION_S, httponly=True, samesite="Strict", secure=sources.secure)
    return answer


def _link_gone() -> Reply:
    return render_template("message.html", text="first_login_gone"), 410


def _password_fault(password: str, again: str) -> str | None:
    if password != again:
        return "passwords_differ"
    return None if PASSWORD_MIN <= len(password) <= PASSWORD_MAX else "password_short"
