"""Signing in and out: by a one-time link. Families of passwords, codes, passkeys and campus sign-on stand beside it."""

from collections.abc import Mapping

from cloud.wallet.back.context import Context, Operation, Right, Signed
from cloud.wallet.back.money.offline import end_signed_out
from cloud.wallet.line.problems import CallRefused, Problem
from cloud.wallet.line.shapes import Arguments, text
from cloud.wallet.people.sessions import TOKEN_SIZE, Way, end_session, open_session, use_link
from shared.words.voice import Text

USED = Problem(403, "link-used", Text("链接已用过或已过期", "this link was used, or has expired"))


def by_link(context: Context, arguments: Arguments) -> Signed:
    """A session for whoever has the link, which is burnt."""
    people, caller, now_ms = context.site.people, context.caller, context.now.unix_ms
    with people.writing():
        person = use_link(people, arguments["token"], now_ms)
        if person is not None:
            token = open_session(people, person, caller.address, caller.agent, now_ms, way=Way.LINK)
            return Signed({}, token)
    raise CallRefused(USED)


def out(context: Context, _: Arguments) -> Signed:
    """This session ends."""
    with context.site.people.writing():
        end_session(context.site.people, context.session.key, context.person.id)
    end_signed_out(context.site, context.now)
    return Signed({}, "")


OPERATIONS: Mapping[str, Operation] = {
    "sign-in/link": Operation(Right.ANYBODY, {"token": text(2 * TOKEN_SIZE)}, by_link),
    "sign-out": Operation(Right.PERSON, {}, out),
}
