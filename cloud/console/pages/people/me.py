"""My own sign-in 我的登录: what I have open, each of which I can end, and another password."""

from flask import abort, g, redirect, render_template, request, url_for

from cloud.console.access.rights import ROLE_WORDS, Right, Signed
from cloud.console.frame.looks import SIZES, THEMES, kept_looks, looks_of
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.told import tell
from cloud.console.pages.people.people import moment
from cloud.console.pages.sign_in import now, password_fault, show_as
from shared.words.voice import Text

_BROWSERS = (
    ("Edg/", "Edge"),
    ("MicroMessenger/", "WeChat"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def agent_of(said: str) -> str:
    """'Chrome · Windows' of what a browser says of itself; all of it where we know neither."""
    known = [next((name for mark, name in kinds if mark in said), "") for kinds in (_BROWSERS, _SYSTEMS)]
    return " · ".join(filter(None, known)) or said


def _me(sources: Sources) -> Reply:
    return _page(sources)


def _page(sources: Sources, fault: str = "") -> str:
    signed: Signed = g.signed
    return render_template(
        "people/me.html", sessions=sources.accounts.sessions(now(), signed.name), roles=ROLE_WORDS, moment=moment,
        fault=fault, themes=THEMES, sizes=SIZES, agent_of=agent_of, done=request.args.get("done") == "1",
    )  # fmt: skip


def _end_mine(sources: Sources) -> Reply:
    signed: Signed = g.signed
    key = request.form.get("key", "")
    if not all(one in "0123456789abcdef" for one in key) or len(key) != 64:
        abort(400)
    if not sources.accounts.end_session(bytes.fromhex(key), signed.name):
        abort(404)
    tell(f"user:{signed.name}", Text("结束自己的一个会话", "ends a session of his own"))
    return redirect(url_for("me"))


def _set_password(sources: Sources) -> Reply:
    signed: Signed = g.signed
    old, new = request.form.get("old", ""), request.form.get("password", "")
    if sources.accounts.locked(signed.name, now()):
        return _page(sources, "locked_login"), 429
    if not sources.accounts.check(signed.name, old, now()):
        return _page(sources, "wrong_login"), 403
    if fault := password_fault(new, request.form.get("again", "")):
        return _page(sources, fault), 400
    sources.accounts.set_password(signed.name, new, signed.session)
    tell(f"user:{signed.name}", Text("改密码，其他会话已结束", "another password; his other sessions have ended"))
    return redirect(url_for("me", done="1"))


def _set_looks(sources: Sources) -> Reply:
    signed: Signed = g.signed
    looks = looks_of(f"{request.form.get('theme', '')}.{request.form.get('size', '')}")
    kept_looks(sources.file).keep(signed.name, looks)
    tell(f"user:{signed.name}", Text("改显示方式", "another look of pages"))
    answer = redirect(url_for("me"))
    show_as(answer, sources, looks)
    return answer


PAGES = (
    Page("me", "/me", Right.SELF, _me, Menu.SYSTEM),
    Page("end_mine", "/me/session", Right.SELF, _end_mine, writes=True),
    Page("set_looks", "/me/looks", Right.SELF, _set_looks, writes=True),
    Page("set_password", "/me/password", Right.SELF, _set_password, writes=True),
)
