"""My second factor 第二因素: an authenticator's codes, codes for a lost phone, passkeys.

Nothing here is in the audit list but that it was done.
"""

from flask import Response, abort, g, redirect, render_template, request, url_for

from cloud.console.access import totp
from cloud.console.access.factors import LABEL_MAX
from cloud.console.access.rights import Right, Signed
from cloud.console.frame.page import Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.told import tell
from cloud.console.pages.people.people import moment
from cloud.console.pages.sign_in import HALF_COOKIE, now, site
from cloud.process.passkeys import ask_for_new, new_passkey
from cloud.process.qr import qr_svg
from shared.words.voice import Text


def _factors(sources: Sources) -> Reply:
    return _page(sources)


def _page(sources: Sources, fault: str = "") -> str:
    name = _signed().name
    return render_template(
        "people/factors.html", has_code=sources.accounts.factors.wants_code(name), moment=moment, fault=fault,
        keys=sources.accounts.factors.passkeys(name), has_host_name=not site().host.replace(".", "").isdigit(),
    )  # fmt: skip


def _propose_code(sources: Sources) -> Reply:
    """The secret is on this page and nowhere else."""
    if sources.accounts.factors.wants_code(_signed().name):
        abort(409)
    return _proposed(sources)


def _proposed(sources: Sources, fault: str = "") -> str:
    name = _signed().name
    secret = sources.accounts.factors.propose(name)
    address = totp.address(secret, name)
    return render_template("people/new_code.html", secret=secret, picture=qr_svg(address), fault=fault)


def _turn_on(sources: Sources) -> Reply:
    name = _signed().name
    if not sources.accounts.begin_try(name, now()):
        return _page(sources, "locked_login"), 429
    codes = sources.accounts.factors.turn_on(name, request.form.get("code", "").replace(" ", ""), now())
    if codes is None:
        return _proposed(sources, "wrong_code"), 403
    sources.accounts.forget_tries(name)
    tell(f"user:{name}", Text("启用动态码", "turns on codes of an authenticator"))
    return render_template("people/recovery.html", codes=codes)


def _turn_off(sources: Sources) -> Reply:
    name = _signed().name
    if not sources.accounts.check(name, request.form.get("password", ""), now()):
        return _page(sources, "wrong_login"), 403
    sources.accounts.factors.turn_off(name)
    tell(f"user:{name}", Text("关闭动态码", "turns off codes of an authenticator"))
    return redirect(url_for("factors"))


def _ask_new_passkey(sources: Sources) -> Reply:
    name, factors = _signed().name, sources.accounts.factors
    token, challenge = factors.begin(name, now())
    answer = Response(
        ask_for_new(site(), name, challenge, [one.key.id for one in factors.passkeys(name)]),
        mimetype="application/json",
    )
    answer.set_cookie(HALF_COOKIE, token, httponly=True, samesite="Strict", secure=sources.secure)
    return answer


def _keep_passkey(sources: Sources) -> Reply:
    """PasskeyRefused: what the browser says of the key is not true."""
    name, factors = _signed().name, sources.accounts.factors
    token = request.cookies.get(HALF_COOKIE, "")
    half = factors.half(token, now())
    if half is None or half.name != name or not factors.end(token):
        abort(400)
    label = request.form.get("label", "").strip()[:LABEL_MAX] or moment(now())
    if not factors.keep(name, new_passkey(site(), request.form.get("answer", ""), half.challenge), label, now()):
        return _page(sources, "too_many_passkeys"), 409
    tell(f"user:{name}", Text(f"添加通行密钥 {label}", f"adds the passkey {label}"))
    return redirect(url_for("factors"))


def _drop_passkey(sources: Sources) -> Reply:
    name, key = _signed().name, request.form.get("key", "")
    if len(key) % 2 or not all(one in "0123456789abcdef" for one in key):
        abort(400)
    if not sources.accounts.factors.drop(name, bytes.fromhex(key)):
        abort(404)
    tell(f"user:{name}", Text("删除一个通行密钥", "drops a passkey"))
    return redirect(url_for("factors"))


def _forget_factors(sources: Sources, name: str) -> Reply:
    """For somebody whose phone is gone: his password alone is enough again, until he sets a new factor."""
    factors = sources.accounts.factors
    factors.turn_off(name)
    for one in factors.passkeys(name):
        factors.drop(name, one.key.id)
    tell(f"user:{name}", Text(f"清除 {name} 的第二因素", f"takes away the second factor of {name}"))
    return redirect(url_for("person", name=name))


def _signed() -> Signed:
    found: Signed = g.signed
    return found


PAGES = (
    Page("factors", "/me/factors", Right.SELF, _factors),
    Page("propose_code", "/me/factors/code", Right.SELF, _propose_code, writes=True),
    Page("turn_on", "/me/factors/on", Right.SELF, _turn_on, writes=True),
    Page("turn_off", "/me/factors/off", Right.SELF, _turn_off, writes=True),
    Page("ask_new_passkey", "/me/factors/passkey", Right.SELF, _ask_new_passkey),
    Page("keep_passkey", "/me/factors/passkey", Right.SELF, _keep_passkey, writes=True),
    Page("drop_passkey", "/me/factors/passkey/drop", Right.SELF, _drop_passkey, writes=True),
    Page("forget_factors", "/people/<name>/factors", Right.SET_PEOPLE, _forget_factors, writes=True),
)
