"""Offline pay codes 脱机付款码 of the chosen holder: which phone has the certificate, had by it, renewed, ended.

    offline           who sees the holder     which phone, until when, what the school allows
    offline/certify   the holder, proven now  this phone from now on; another one's ends
    offline/renew     the holder              this phone again, by the key that it had: no proof, nothing new is opened
    offline/end       who sees the holder     it pays no more; a guardian may stop it, only the holder begins it

A child under 14 needs a guardian's consent as for all of his own wallet; who is blocked as lost has none. The device
that is signed out has none either: its session is kept beside the certificate (people/phones.py), and what was signed
out by any way at all is ended by `end_signed_out`, at once and again with each turn of the service.
"""

from collections.abc import Mapping
from typing import Any

from cloud.ledger.funds.offline.terms import END_TEXT, Against, EndWhy, OfflineRefused
from cloud.ledger.records.values import Now
from cloud.payments import doors
from cloud.payments.offline.door import Issued, OfflineDoor
from cloud.wallet.back.context import WALLET, Context, Operation, Right, Site
from cloud.wallet.line.problems import AGAIN, AWAY, CallRefused, Problem
from cloud.wallet.line.shapes import HOLDER, KEY, Arguments, octets
from cloud.wallet.people.phones import HeldPhone, forget_phone, keep_phone, phones_of, without_session
from shared.keys.offline_code import PUBLIC_SIZE
from shared.words.voice import Text, told_by

ENDED_BY_WORD = (EndWhy.HOLDER, EndWhy.PERSON, EndWhy.NEWER_PHONE)
"""Not renewed: somebody wanted it to end."""


def shown(context: Context, _: Arguments) -> dict[str, Any]:
    """now_s: by which a phone sets its clock right. ended: why the one of this device counts no more."""
    door, now_s, whose = _door(context.site), context.now.campus_s, context.whose
    rule, issued, held = door.rule(), door.of_card(context.card, context.now), _held(context)
    living = next((one for one in issued if one.is_living(now_s)), None)
    return {
        "own": whose.is_own, "on": rule.is_on and context.site.phones is not None, "uses": rule.uses,
        "one_fen": rule.one_fen, "name": whose.holder.name, "label": whose.label, "now_s": now_s,
        "phone": _phone(context, living, held) if living else None, "ended": _ended(context, issued, held),
    }  # fmt: skip


def certify(context: Context, given: Arguments) -> dict[str, Any]:
    """This phone pays without a network. The same key again is the same certificate, while that counts."""
    public = bytes.fromhex(given["public"])
    try:
        issued = _door(context.site).certify(context.card, public, f"{WALLET}:{given['key']}", context.now)
    except OfflineRefused as refused:
        raise CallRefused(_problem(refused)) from refused
    if issued.ended is not None:
        raise CallRefused(Problem(409, "offline-ended", END_TEXT[issued.ended]))
    if not issued.certificate:
        raise CallRefused(AWAY)
    held = HeldPhone(
        issued.number, context.whose.holder.number, context.card, context.session.key, public, context.caller.agent,
        issued.until_s,
    )  # fmt: skip
    with context.site.people.writing():
        keep_phone(context.site.people, held, context.now.campus_s)
    return {"certificate": issued.certificate.hex(), "now_s": context.now.campus_s}


def renew(context: Context, given: Arguments) -> dict[str, Any]:
    """As `certify`, for the device that has it already. CallRefused: another one has it, or its holder ended it."""
    issued = {one.number: one for one in _door(context.site).of_card(context.card, context.now)}
    held, own = _held(context).values(), (context.session.key, bytes.fromhex(given["public"]))
    newest = next((one for one in held if (one.session, one.public) == own), None)
    if newest is None or newest.until_s < max(one.until_s for one in held):
        raise CallRefused(AGAIN)
    if newest.certificate in issued and issued[newest.certificate].ended in ENDED_BY_WORD:
        raise CallRefused(AGAIN)
    return certify(context, given)


def end(context: Context, given: Arguments) -> dict[str, Any]:
    """Those of this card pay no more; a new one is asked for with a proof."""
    end_all(context)
    return shown(context, given)


def end_all(context: Context) -> None:
    """Of the chosen holder's card, on his word or his guardian's. In the books first, so that a fall is made good by
    asking again."""
    door, who, people = _door(context.site), f"{WALLET}:{context.person.id}", context.site.people
    for one in door.of_card(context.card, context.now):
        door.end(context.card, one.number, context.now, EndWhy.HOLDER, who)
    with people.writing():
        for held in phones_of(people, context.whose.holder.number):
            forget_phone(people, held.certificate)


def end_signed_out(site: Site, now: Now) -> None:
    """Certificates whose device is signed out."""
    with site.people.reading():
        gone = without_session(site.people)
    for one in gone:
        _door(site).end(one.card, one.certificate, now, EndWhy.HOLDER, WALLET)
        with site.people.writing():
            forget_phone(site.people, one.certificate)


def _door(site: Site) -> OfflineDoor:
    return doors.offline(site.ledger, site.phones)


def _held(context: Context) -> dict[int, HeldPhone]:
    """By number, the newest first."""
    people = context.site.people
    with people.reading():
        return {one.certificate: one for one in phones_of(people, context.whose.holder.number)}


def _phone(context: Context, living: Issued, held: Mapping[int, HeldPhone]) -> dict[str, Any]:
    device = held.get(living.number)
    return {
        "number": living.number, "until_s": living.until_s, "uses": living.uses, "one_fen": living.one_fen,
        "agent": device.agent if device else "", "this": _is_this(context, device),
    }  # fmt: skip


def _ended(context: Context, issued: list[Issued], held: Mapping[int, HeldPhone]) -> dict[str, str] | None:
    own = next((one for one in issued if _is_this(context, held.get(one.number))), None)
    if own is None or own.ended is None:
        return None
    text = END_TEXT[own.ended]
    return {"zh": text.zh, "en": text.en}


def _is_this(context: Context, device: HeldPhone | None) -> bool:
    return device is not None and device.session == context.session.key


def _problem(refused: OfflineRefused) -> Problem:
    text = told_by(refused, Text("不能启用", str(refused)))
    return Problem(409 if refused.why is Against.KEY_REUSED else 422, f"offline-{refused.why.value}", text)


_PHONE = {"holder": HOLDER, "public": octets(PUBLIC_SIZE), "key": KEY}
OPERATIONS: Mapping[str, Operation] = {
    "offline": Operation(Right.SEES, {"holder": HOLDER}, shown),
    "offline/certify": Operation(Right.OWN, _PHONE, certify, fresh=True, own=True),
    "offline/renew": Operation(Right.OWN, _PHONE, renew, own=True),
    "offline/end": Operation(Right.SEES, {"holder": HOLDER}, end),
}
