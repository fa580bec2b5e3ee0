"""My own sign-in 我的登录: what I have open, each of which I can end, and another password."""

from flask import abort, g, redirect, render_template, request, url_for

from cloud.console.access.rights import ROLE_WORDS, Right, Signed
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.told import tell
from cloud.console.pages.people.people import moment
from cloud.console.pages.sign_in import now, password_fault
from shared.words.voice import Text


def _me(sources: Sources) -> Reply:
    return _page(sources)


def _page(sources: Sources, fault: str = "") -> str:
    signed: Signed = g.signed
    return render_template(
        "people/me.html", sessions=sources.accounts.sessions(now(), signed.name), roles=ROLE_WORDS, moment=moment,
        fault=fault, done=request.args.get("done") == "1",
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


PAGES = (
    Page("me", "/me", Right.SELF, _me, Menu.SYSTEM),
    Page("end_mine", "/me/session", Right.SELF, _end_mine, writes=True),
    Page("set_password", "/me/password", Right.SELF, _set_password, writes=True),
)
