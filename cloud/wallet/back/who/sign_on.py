"""By the campus' own sign-on 统一身份认证: the phone goes there, comes back with a code, and it says whose.

The session is ours, opaque, as any other. Who is on the roster under the number that the provider says is bound to its
subject once; so is a guardian, by the phone that the roster has, where the school's settings name the claim. Not while
he is blocked as lost: the provider's own session may be in the lost phone.
"""

import logging
from collections.abc import Mapping

from cloud.store.db import Database
from cloud.wallet.back.context import Context, Later, Operation, Right, Signed
from cloud.wallet.back.rights import block_of_holder
from cloud.wallet.back.who.identity import PHONE, WRONG, opened
from cloud.wallet.line.problems import BLOCKED, CallRefused, Problem
from cloud.wallet.line.shapes import Arguments, octets, one_of, text
from cloud.wallet.people.persons import Person, add_person, bind_guardian, person_with_holder, person_with_phone
from cloud.wallet.people.records.sign_ons import OF_GUARDIAN, Waiting, keep_begun, new_secret, number_of, use_begun
from cloud.wallet.people.roster import Holder, holder_of, name_on_roster, wards_of
from cloud.wallet.people.sessions import Way
from cloud.wallet.sso.terms import CODE_MAX, NUMBER_MAX, Asserted, Begun, SsoFault
from shared.words.voice import Text

OFF = Problem(409, "sign-on-off", Text("学校未启用统一身份认证", "the school has no single sign-on"))
AWAY = Problem(503, "sign-on-away", Text("统一身份认证暂无应答，请稍后再试", "the campus' sign-on does not answer"))
STATE_MAX = 64
log = logging.getLogger(__name__)


def ways(context: Context, _: Arguments) -> list[dict[str, str]]:
    """Those that the school has, with their names for people."""
    return [{"name": one.name, "zh": one.label.zh, "en": one.label.en} for one in context.site.sign_ons.values()]


def begin(context: Context, arguments: Arguments) -> Later:
    """Where the phone goes. kept: what its browser holds until it comes back."""
    site, now_ms = context.site, context.now.unix_ms
    provider = site.sign_ons.get(arguments["provider"])
    if provider is None or not site.address:
        raise CallRefused(OFF)
    begun = Begun(new_secret(), new_secret(), new_secret())

    def work() -> str:
        try:
            return provider.begin(begun, _home(context))
        except SsoFault as fault:
            log.warning("sign-on %s: %s", provider.name, fault)
            return ""

    def then(url: str) -> dict[str, str]:
        if not url:
            raise CallRefused(AWAY)
        with site.people.writing():
            waiting = Waiting(provider.name, begun.nonce, begun.verifier)
            keep_begun(site.people, begun.state, arguments["kept"], waiting, now_ms)
        return {"url": url}

    return Later(work, then, outward=True)


def finish(context: Context, arguments: Arguments) -> Later:
    """A session for whom the provider names. No answer tells why not."""
    site, people, now = context.site, context.site.people, context.now
    with people.writing():
        waiting = use_begun(people, arguments["state"], arguments["kept"], now.unix_ms)
    provider = site.sign_ons.get(waiting.provider) if waiting else None
    if waiting is None or provider is None:
        raise CallRefused(WRONG)
    begun = Begun(arguments["state"], waiting.nonce, waiting.verifier)

    def work() -> Asserted | None:
        try:
            return provider.asserted(begun, _home(context), arguments["code"], now.unix_ms // 1000)
        except SsoFault as fault:
            log.warning("sign-on %s: %s", provider.name, fault)
            return None

    def then(asserted: Asserted | None) -> Signed:
        holder = _holder(context, provider.name, asserted) if asserted else None
        phone = _guardian(context, provider.name, asserted) if asserted and holder is None else ""
        if holder is None and not phone:
            raise CallRefused(WRONG)
        number = holder.number if holder is not None else _number_of(people, phone)
        if number and block_of_holder(site, number) is not None:
            raise CallRefused(BLOCKED)
        with people.writing():
            person = _own(context, holder) if holder is not None else _of_phone(context, phone)
            return opened(context, person, Way.CAMPUS)

    return Later(work, then, outward=True)


def _holder(context: Context, provider: str, asserted: Asserted) -> Holder | None:
    """Whose number it is, as bound to this subject."""
    people, said = context.site.people, asserted.number
    with people.writing():
        if len(said) > NUMBER_MAX or (said and holder_of(people, said) is None):
            return None
        number = number_of(people, provider, asserted.subject, said, context.now.unix_ms)
        return holder_of(people, number) if number else None


def _guardian(context: Context, provider: str, asserted: Asserted) -> str:
    """The phone by which the roster has him as a guardian, as bound to this subject; '': it has not."""
    people, phone = context.site.people, without_country(asserted.guardian)
    if not PHONE.fits(phone):
        return ""
    with people.writing():
        if holder_of(people, asserted.number) is not None or not wards_of(people, phone):
            return ""  # a number that is on the roster, and another account's: this one is not believed
        bound = number_of(people, provider, asserted.subject, f"{OF_GUARDIAN}{phone}", context.now.unix_ms)
    return bound.removeprefix(OF_GUARDIAN)


def _number_of(people: Database, phone: str) -> str:
    """A guardian may be a holder, too."""
    with people.reading():
        person = person_with_phone(people, phone)
    return person.holder if person is not None else ""


def without_country(phone: str) -> str:
    """As rosters write it: `+86 139-0000-0000` is 13900000000."""
    plain = "".join(one for one in phone if one.isdecimal() or one == "+")
    return plain.removeprefix("+86") if plain.startswith("+86") else plain


def _own(context: Context, holder: Holder) -> Person:
    """Inside of a transaction."""
    found = person_with_holder(context.site.people, holder.number)
    return found or add_person(context.site.people, "", holder.name, holder.number, context.now.unix_ms)


def _of_phone(context: Context, phone: str) -> Person:
    """Bound to all whose guardian he is on the newest roster. Inside of a transaction."""
    people, now_ms = context.site.people, context.now.unix_ms
    person = person_with_phone(people, phone)
    person = person or add_person(people, phone, name_on_roster(people, phone), "", now_ms)
    for ward in wards_of(people, phone):
        bind_guardian(people, person.id, ward, now_ms)
    return person


def _home(context: Context) -> str:
    return f"{context.site.address}/"


_KEPT = octets(32)
OPERATIONS: Mapping[str, Operation] = {
    "sign-in/ways": Operation(Right.ANYBODY, {}, ways),
    "sign-in/sso/begin": Operation(Right.ANYBODY, {"provider": one_of("oidc", "cas"), "kept": _KEPT}, begin),
    "sign-in/sso/finish": Operation(
        Right.ANYBODY, {"state": text(STATE_MAX), "code": text(CODE_MAX), "kept": _KEPT}, finish
    ),
}
