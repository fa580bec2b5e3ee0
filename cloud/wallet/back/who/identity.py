"""Who somebody is: phone and password, a code by SMS; his devices. The first time is binding.py's.

No answer tells who is here: a number that is nobody's is answered like any other, after the same work. Tries are
bounded by phone, from one address and from all; the front bounds them by address, whomever they name.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from cloud.store.db import Database
from cloud.wallet.back.context import Context, Later, Operation, Right, Signed
from cloud.wallet.back.money.offline import end_signed_out
from cloud.wallet.back.rights import block_of_holder
from cloud.wallet.line.problems import AGAIN, NO_CODES, CallRefused, Problem
from cloud.wallet.line.shapes import Arguments, octets, pattern, text
from cloud.wallet.people.codes import SMS, send_code, use_code
from cloud.wallet.people.passwords import PASSWORD_MAX, PASSWORD_MIN, fits, hashed
from cloud.wallet.people.persons import (
    Person,
    bind_guardian,
    knows_alone,
    password_of,
    person_with_holder,
    person_with_phone,
    set_password,
    set_phone,
)
from cloud.wallet.people.roster import typed_number, wards_of
from cloud.wallet.people.sessions import (
    Way,
    end_session,
    end_sessions,
    is_strong,
    note_strong,
    open_session,
    prove_again,
    sessions_of,
)
from cloud.wallet.people.throttle import (
    CODE,
    CODES_OF_ALL,
    CODES_SENT,
    PASSWORD,
    forget_tries,
    require_left,
    take_try,
    take_try_from,
)
from shared.words.voice import Text

WRONG = Problem(403, "wrong", Text("不对", "that does not fit"))
SIGN = "sign-in"
_MOBILE = re.compile(r"1[0-9]{10}")
PHONE = pattern("phone", r"\+?[0-9]{6,15}")
PASSWORDS = text(PASSWORD_MAX, PASSWORD_MIN)
SIX = pattern("six figures", "[0-9]{6}")
BORN = pattern("YYYY-MM-DD", "[0-9]{4}-[0-9]{2}-[0-9]{2}")
SESSION = octets(32)


def by_password(context: Context, arguments: Arguments) -> Later:
    """Phone and password."""
    return _by_secret(context, "password", arguments["phone"], person_with_phone, arguments["password"])


def by_number(context: Context, arguments: Arguments) -> Later:
    """A holder's number, or the phone of a class teacher or guardian who has none, and password, at a terminal that
    many share: the session is a brief one. Tries of a phone are those of `sign-in/password`."""
    number, secret = typed_number(context.site.people, arguments["number"]), arguments["password"]
    if _MOBILE.fullmatch(number):  # by its form alone: what is counted where tells nobody who is here
        return _by_secret(context, "password", number, _of_number_or_phone, secret, brief=True)
    return _by_secret(context, "number", number, person_with_holder, secret, brief=True)


def _of_number_or_phone(people: Database, typed: str) -> Person | None:
    return person_with_holder(people, typed) or person_with_phone(people, typed)


def _by_secret(
    context: Context, pace: str, name: str, find: Callable[[Database, str], Person | None], secret: str, *,
    brief: bool = False,
) -> Later:  # fmt: skip
    people, address = context.site.people, context.caller.address
    take_try_from(people, PASSWORD, pace, name, address, context.now.unix_ms)
    with people.reading():
        person = find(people, name)
        kept = password_of(people, person.id) if person else ""

    def then(right: bool) -> Signed:
        if not right or person is None:
            raise CallRefused(WRONG)
        with people.writing():
            forget_tries(people, pace, name, address)
            return opened(context, person, Way.KNOWN, brief=brief)

    return Later(lambda: fits(kept, secret), then)


def begin_phone(context: Context, arguments: Arguments) -> dict[str, Any]:
    """Another phone, or a first one, by what he knows or by the desk's link a moment ago; a code goes there. Somebody
    else's phone is answered like any other."""
    people, phone, person = context.site.people, arguments["phone"], context.person
    require_strong(context)
    may_send(context, phone)
    with people.writing():
        other = person_with_phone(people, phone)
        send_code(people, _anew(person), phone, context.now.unix_ms, really=other is None or other.id == person.id)
    return {}


def finish_phone(context: Context, arguments: Arguments) -> Later:
    """The code, and a password from now on; all other devices are signed out."""
    people, phone, person, now_ms = context.site.people, arguments["phone"], context.person, context.now.unix_ms
    require_strong(context)
    take_try(people, CODE.of_all, "phone", f"{person.id} {phone}", now_ms)

    def then(kept: str) -> dict[str, Any]:
        with people.writing():
            right = use_code(people, _anew(person), phone, arguments["code"], now_ms)
            other = person_with_phone(people, phone)
            if right and (other is None or other.id == person.id):
                set_phone(people, person.id, phone)
                for ward in wards_of(people, phone):
                    bind_guardian(people, person.id, ward, now_ms)
                set_password(people, person.id, kept)
                end_sessions(people, person.id, context.session.key)
                return {}
        raise CallRefused(WRONG)

    return Later(lambda: hashed(arguments["password"]), then)


def require_strong(context: Context) -> None:
    """By his password, or a link of the desk, a moment ago: not by what may lie in a lost phone. CallRefused."""
    if not has_strong(context):
        raise CallRefused(AGAIN)


def require_not_found(context: Context) -> None:
    """Is it not whoever found his phone? While he is blocked as lost, as above. CallRefused."""
    holder = context.person.holder
    if holder and block_of_holder(context.site, holder) is not None:
        require_strong(context)


def has_strong(context: Context) -> bool:
    """Was it so?"""
    with context.site.people.reading():
        return is_strong(context.site.people, context.session.key, context.now.unix_ms)


def _anew(person: Person) -> str:
    return f"phone {person.id}"


def send_sign_in_code(context: Context, arguments: Arguments) -> dict[str, Any]:
    """A code to that phone, if it is somebody's here; the answer is the same."""
    people, phone = context.site.people, arguments["phone"]
    may_send(context, phone)
    with people.writing():
        known = person_with_phone(people, phone) is not None
        send_code(people, SIGN, phone, context.now.unix_ms, really=known)
    return {}


def by_code(context: Context, arguments: Arguments) -> Signed:
    """Phone and code."""
    people, phone, now_ms = context.site.people, arguments["phone"], context.now.unix_ms
    take_try_from(people, CODE, SIGN, phone, context.caller.address, now_ms)
    with people.writing():
        right = use_code(people, SIGN, phone, arguments["code"], now_ms)
        person = person_with_phone(people, phone)
        if right and person is not None:
            forget_tries(people, SIGN, phone, context.caller.address)
            return opened(context, person, Way.CODE)
    raise CallRefused(WRONG)


def change_password(context: Context, arguments: Arguments) -> Later:
    """Another one; all other devices are signed out. One set by a code proves no more than a code for a while."""
    people, person, now_ms = context.site.people, context.person, context.now.unix_ms
    require_not_found(context)
    strong = has_strong(context)

    def then(kept: str) -> dict[str, Any]:
        with people.writing():
            set_password(people, person.id, kept, 0 if strong else now_ms)
            end_sessions(people, person.id, context.session.key)
        end_signed_out(context.site, context.now)
        return {}

    return Later(lambda: hashed(arguments["password"]), then)


def prove(context: Context, arguments: Arguments) -> Later:
    """The password once more: what needs a fresh proof may be done for a while."""
    people, person, address = context.site.people, context.person, context.caller.address
    tried = ("password", person.phone) if person.phone else ("number", person.holder)
    take_try_from(people, PASSWORD, *tried, address, context.now.unix_ms)
    with people.reading():
        kept = password_of(people, person.id)

    def then(right: bool) -> dict[str, Any]:
        if not right:
            raise CallRefused(WRONG)
        with people.writing():
            forget_tries(people, *tried, address)
            prove_again(people, context.session.key, context.now.unix_ms)
            if knows_alone(people, person.id, context.now.unix_ms):
                note_strong(people, context.session.key, context.now.unix_ms)
        return {}

    return Later(lambda: fits(kept, arguments["password"]), then)


def devices(context: Context, _: Arguments) -> list[dict[str, Any]]:
    """Where he is signed in, and how: way is a value of sessions.Way, '' where it was not noted. key opens nothing."""
    people = context.site.people
    with people.reading():
        found = sessions_of(people, context.person.id, context.now.unix_ms)
    return [
        {"key": one.key.hex(), "agent": one.agent, "address": one.address, "made_ms": one.made_ms,
         "seen_ms": one.seen_ms, "way": one.way, "this": one.key == context.session.key}
        for one in found
    ]  # fmt: skip


def end_device(context: Context, arguments: Arguments) -> dict[str, Any]:
    """One of his devices is signed out, now, and pays no more without a network."""
    with context.site.people.writing():
        ended = end_session(context.site.people, bytes.fromhex(arguments["key"]), context.person.id)
    end_signed_out(context.site, context.now)
    return {"ended": ended}


def may_send(context: Context, phone: str) -> None:
    """An SMS, by the pace of that phone and of all. CallRefused: also where no code would ever arrive, whoever asks."""
    people, now_ms = context.site.people, context.now.unix_ms
    if not context.site.sends():
        raise CallRefused(NO_CODES)
    require_left(people, CODES_OF_ALL, SMS, now_ms)
    take_try_from(people, CODES_SENT, SMS, phone, context.caller.address, now_ms)


def opened(context: Context, person: Person, way: Way, *, brief: bool = False) -> Signed:
    """A session of his. Inside of a transaction."""
    caller, now_ms = context.caller, context.now.unix_ms
    token = open_session(context.site.people, person.id, caller.address, caller.agent, now_ms, way=way, brief=brief)
    return Signed({}, token)


OPERATIONS: Mapping[str, Operation] = {
    "sign-in/password": Operation(Right.ANYBODY, {"phone": PHONE, "password": text(PASSWORD_MAX)}, by_password),
    "sign-in/number": Operation(Right.ANYBODY, {"number": text(32), "password": text(PASSWORD_MAX)}, by_number),
    "phone/begin": Operation(Right.PERSON, {"phone": PHONE}, begin_phone, own=True),
    "phone/finish": Operation(
        Right.PERSON, {"phone": PHONE, "code": SIX, "password": PASSWORDS}, finish_phone, own=True
    ),
    "sign-in/send-code": Operation(Right.ANYBODY, {"phone": PHONE}, send_sign_in_code),
    "sign-in/code": Operation(Right.ANYBODY, {"phone": PHONE, "code": SIX}, by_code),
    "password": Operation(Right.PERSON, {"password": PASSWORDS}, change_password, fresh=True, own=True),
    "prove": Operation(Right.PERSON, {"password": text(PASSWORD_MAX)}, prove),
    "devices": Operation(Right.PERSON, {}, devices),
    "devices/end": Operation(Right.PERSON, {"key": SESSION}, end_device),
}
