"""By the campus' own sign-on 统一身份认证: the phone goes there, comes back with a code, and it says whose.

The session is ours, opaque, as any other. Who is on the roster under the number that the provider says is bound to its
subject once. Not while he is blocked as lost: the provider's own session may be in the lost phone.
"""

import logging
from collections.abc import Mapping

from cloud.wallet.back.context import Context, Later, Operation, Right, Signed
from cloud.wallet.back.rights import block_of_holder
from cloud.wallet.back.who.identity import WRONG
from cloud.wallet.line.problems import BLOCKED, CallRefused, Problem
from cloud.wallet.line.shapes import Arguments, octets, one_of, text
from cloud.wallet.people.persons import add_person, person_with_holder
from cloud.wallet.people.records.sign_ons import Waiting, keep_begun, new_secret, number_of, use_begun
from cloud.wallet.people.roster import Holder, holder_of
from cloud.wallet.people.sessions import Way, open_session
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
        if holder is None:
            raise CallRefused(WRONG)
        if block_of_holder(site, holder.number) is not None:
            raise CallRefused(BLOCKED)
        return _opened(context, holder)

    return Later(work, then, outward=True)


def _holder(context: Context, provider: str, asserted: Asserted) -> Holder | None:
    """Whose number it is, as bound to this subject."""
    people, said = context.site.people, asserted.number
    with people.writing():
        if len(said) > NUMBER_MAX or (said and holder_of(people, said) is None):
            return None
        number = number_of(people, provider, asserted.subject, said, context.now.unix_ms)
        return holder_of(people, number) if number else None


def _opened(context: Context, holder: Holder) -> Signed:
    people, caller, now_ms = context.site.people, context.caller, context.now.unix_ms
    with people.writing():
        person = person_with_holder(people, holder.number)
        person = person or add_person(people, "", holder.name, holder.number, now_ms)
        token = open_session(people, person.id, caller.address, caller.agent, now_ms, way=Way.CAMPUS)
        return Signed({}, token)


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
