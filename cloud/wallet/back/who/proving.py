"""Who he is, once more, for what is dear: by a passkey of his, or a code to the phone that the school's list has.

For who signed in by the campus' account alone, and has no password: he need not leave the page. Neither counts as what
he alone knows (`require_strong`), for both may lie in a phone that is lost; while he is blocked as lost they prove
nothing.
"""

import json
from collections.abc import Mapping
from typing import Any

from cloud.process.passkeys import ask_for_known
from cloud.wallet.back.context import Context, Operation, Right
from cloud.wallet.back.rights import block_of_holder
from cloud.wallet.back.who.identity import SIX, WRONG, may_send
from cloud.wallet.back.who.passkeys import ANSWER, burnt_challenge, shown_key, site_of
from cloud.wallet.line.problems import BLOCKED, CallRefused, Problem
from cloud.wallet.line.shapes import Arguments
from cloud.wallet.people.codes import send_code, use_code
from cloud.wallet.people.passkeys import new_challenge, note_uses, passkeys_of
from cloud.wallet.people.persons import password_of
from cloud.wallet.people.roster import holder_of, phones_of_guardians
from cloud.wallet.people.sessions import prove_again
from cloud.wallet.people.sight import OF_AGE, age
from cloud.wallet.people.throttle import CODE, forget_tries, take_try
from shared.words.voice import Text

NO_PHONE = Problem(409, "no-phone", Text("学校名单上没有手机号", "the school's list has no phone"))
SHOWN = 4
"""Figures of the phone that are told: enough to know it, and no more."""


def ways(context: Context, _: Arguments) -> dict[str, Any]:
    """What he can prove himself by. sms: the last figures of the phone, '' where there is none."""
    people, person = context.site.people, context.person
    with people.reading():
        secret, keys = bool(password_of(people, person.id)), bool(passkeys_of(people, person.id))
    return {
        "password": secret, "passkey": keys and bool(context.site.address), "sms": _phone(context)[-SHOWN:],
        "campus": bool(context.site.sign_ons),
    }  # fmt: skip


def send(context: Context, _: Arguments) -> dict[str, Any]:
    """A code to that phone."""
    _require_in_hand(context)
    phone = _phone(context)
    if not phone:
        raise CallRefused(NO_PHONE)
    may_send(context, phone)
    with context.site.people.writing():
        send_code(context.site.people, _use(context), phone, context.now.unix_ms, really=True)
    return {}


def by_code(context: Context, arguments: Arguments) -> dict[str, Any]:
    """That code."""
    people, phone, now_ms = context.site.people, _phone(context), context.now.unix_ms
    _require_in_hand(context)
    take_try(people, CODE.of_all, "prove", str(context.person.id), now_ms)
    with people.writing():
        if not use_code(people, _use(context), phone, arguments["code"], now_ms):
            raise CallRefused(WRONG)
        forget_tries(people, "prove", str(context.person.id))
        prove_again(people, context.session.key, now_ms)
    return {}


def ask_key(context: Context, _: Arguments) -> dict[str, Any]:
    """What the browser takes to show one of his."""
    site, people, person = site_of(context), context.site.people, context.person
    with people.writing():
        challenge = new_challenge(people, person.id, context.now.unix_ms)
    return {"challenge": challenge.hex(), "options": json.loads(ask_for_known(site, challenge))}


def by_key(context: Context, arguments: Arguments) -> dict[str, Any]:
    """It was shown. Another person's proves nothing."""
    people, now_ms = context.site.people, context.now.unix_ms
    _require_in_hand(context)
    site, challenge = site_of(context), burnt_challenge(context, arguments, context.person.id)
    known = shown_key(context, site, arguments["answer"], challenge)
    if known.person != context.person.id:
        raise CallRefused(WRONG)
    with people.writing():
        note_uses(people, known.key.id, known.key.uses)
        prove_again(people, context.session.key, now_ms)
    return {}


def _phone(context: Context) -> str:
    """His own; of a minor without one, the first of his guardians' on the roster. '': there is none."""
    people, person = context.site.people, context.person
    if person.phone or not person.holder:
        return person.phone
    with people.reading():
        holder = holder_of(people, person.holder)
        phones = phones_of_guardians(people, person.holder)
    is_minor = holder is not None and age(holder.born, context.now.campus_s) < OF_AGE
    return phones[0] if is_minor and phones else ""


def _require_in_hand(context: Context) -> None:
    if context.person.holder and block_of_holder(context.site, context.person.holder) is not None:
        raise CallRefused(BLOCKED)


def _use(context: Context) -> str:
    return f"prove {context.person.id}"


OPERATIONS: Mapping[str, Operation] = {
    "prove/ways": Operation(Right.PERSON, {}, ways),
    "prove/send-code": Operation(Right.PERSON, {}, send),
    "prove/code": Operation(Right.PERSON, {"code": SIX}, by_code),
    "prove/passkey/ask": Operation(Right.PERSON, {}, ask_key),
    "prove/passkey": Operation(Right.PERSON, ANSWER, by_key),
}
