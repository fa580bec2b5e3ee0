"""The first time: somebody is bound to a holder by number, name and what the school has chosen, and a code by SMS.

By birth, or by the code of the holder's letter 激活信. Either way no answer tells who is here, and each try is counted
against the holder, whoever tries; a code that was mistyped is refused before, and costs none.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cloud.wallet.back.context import Context, Later, Operation, Right, Signed
from cloud.wallet.back.rights import block_of_holder
from cloud.wallet.back.who.identity import BORN, PASSWORDS, PHONE, SIX, WRONG, may_send, opened
from cloud.wallet.line.problems import BLOCKED, CallRefused, Problem
from cloud.wallet.line.shapes import Arguments, text
from cloud.wallet.people.codes import send_code, use_code
from cloud.wallet.people.passwords import hashed
from cloud.wallet.people.persons import bind_guardian, bound_person, set_password
from cloud.wallet.people.records.letters import NO_LETTER, end_letter, is_of, letter_of, plain
from cloud.wallet.people.roster import holder_of, typed_number, wards_of
from cloud.wallet.people.sessions import Way, end_sessions
from cloud.wallet.people.throttle import BIND, CODE, forget_tries, take_try_from
from cloud.wallet.settings import Binding
from shared.errors import WireFault
from shared.keys.paper_text import MISTYPED
from shared.words.voice import Text

BINDING = "bind"
LETTER_MAX = 32
WANTED = {
    Binding.BIRTH: Problem(422, "birth-wanted", Text("请填出生日期", "give the date of birth")),
    Binding.LETTER: Problem(422, "letter-wanted", Text("请填激活信上的激活码", "give the code of the school's letter")),
}
NOT_AS_WRITTEN = Problem(422, "mistyped", MISTYPED)


def asked(context: Context, _: Arguments) -> dict[str, str]:
    """What the school asks for: letter or birth."""
    return {"by": context.site.binding}


def begin(context: Context, arguments: Arguments) -> dict[str, Any]:
    """What the school knows of a holder. Then a code goes to the phone; the answer is the same.

    A guardian's phone must be the one of the roster; a holder's own is whichever he proves, once.
    """
    people, phone, now_ms = context.site.people, arguments["phone"], context.now.unix_ms
    number = typed_number(people, arguments["number"])
    told = _told(context.site.binding, arguments)
    take_try_from(people, BIND, "holder", number, context.caller.address, now_ms)
    may_send(context, phone)
    with people.writing():
        holder, letter = holder_of(people, number), letter_of(people, number, now_ms)
        by_letter = context.site.binding is Binding.LETTER
        fits = is_of(letter, number, told) if by_letter else holder is not None and holder.born == told
        known = holder is not None and holder.name == arguments["name"] and fits
        send_code(people, _use(context, number, letter), phone, now_ms, really=known)
    return {}


def finish(context: Context, arguments: Arguments) -> Later:
    """The phone's code, and a password from now on: a person, bound to the holder and to all whose guardian he is. The
    letter is used up; one that was made since the code was sent has killed that code, too. By birth not while he is
    blocked as lost: whoever found his phone has its codes, and a birth is known to others."""
    people, phone, now_ms = context.site.people, arguments["phone"], context.now.unix_ms
    number = typed_number(people, arguments["number"])
    take_try_from(people, CODE, BINDING, f"{number} {phone}", context.caller.address, now_ms)

    by_letter = context.site.binding is Binding.LETTER
    lost = not by_letter and block_of_holder(context.site, number) is not None

    def then(kept: str) -> Signed:
        with people.writing():
            holder, letter = holder_of(people, number), letter_of(people, number, now_ms)
            right = use_code(people, _use(context, number, letter), phone, arguments["code"], now_ms)
            if lost and right and number not in wards_of(people, phone):
                raise CallRefused(BLOCKED)
            if holder is not None and right:
                wards = wards_of(people, phone)
                own = number if number not in wards else ""
                person = bound_person(people, phone, holder.name if own else "", own, now_ms)
                if person is not None:
                    for ward in wards:
                        bind_guardian(people, person.id, ward, now_ms)
                    set_password(people, person.id, kept, 0 if by_letter else now_ms)
                    end_sessions(people, person.id)
                    end_letter(people, number)
                    forget_tries(people, "holder", number, context.caller.address)
                    return opened(context, person, Way.BOUND)
        raise CallRefused(WRONG)

    return Later(lambda: hashed(arguments["password"]), then)


def _told(by: Binding, arguments: Arguments) -> str:
    """The birth, or the letter's code. CallRefused: left out or mistyped, which depends on nobody's being here."""
    told: str | None = arguments["letter" if by is Binding.LETTER else "born"]
    if told is None:
        raise CallRefused(WANTED[by])
    try:
        return plain(told) if by is Binding.LETTER else told
    except WireFault as fault:
        raise CallRefused(NOT_AS_WRITTEN) from fault


def _use(context: Context, number: str, letter: bytes) -> str:
    """Of the SMS code: it is good with that letter alone. Without a letter there is none that was sent."""
    if context.site.binding is Binding.BIRTH:
        return f"{BINDING} {number}"
    return f"{BINDING}-by {letter.hex() if letter != NO_LETTER else '-'} {number}"


_WHO = {"number": text(32), "phone": PHONE}
_BY = {"born": replace(BORN, optional=True), "letter": text(LETTER_MAX, optional=True)}
OPERATIONS: Mapping[str, Operation] = {
    "bind/way": Operation(Right.ANYBODY, {}, asked),
    "bind/begin": Operation(Right.ANYBODY, {**_WHO, "name": text(64), **_BY}, begin),
    "bind/finish": Operation(Right.ANYBODY, {**_WHO, "code": SIX, "password": PASSWORDS}, finish),
}
