"""What applications of third parties ask a holder about himself: read, agreed to, declined, and taken back.

Only the holder himself lets anything be known; his guardians see what he has let be known. Who reads a token that is
none, is over, or is a sandbox's hears the same.
"""

from collections.abc import Mapping
from typing import Any

from cloud.wallet.back.context import Context, Operation, Right
from cloud.wallet.claims import Ask, AskState, agree, ask_by_id, ask_with, asks_of, decline, withdraw
from cloud.wallet.line.problems import CallRefused, Problem
from cloud.wallet.line.shapes import HOLDER, Arguments, flag, octets, whole
from cloud.wallet.people.sight import OF_AGE, age
from shared.words.voice import Text

NO_ASK = Problem(404, "no-ask", Text("没有这个请求，或已过期", "there is no such ask, or it is over"))
ASK_MAX = 2**53
TOKEN = octets(16)


def asked(context: Context, given: Arguments) -> dict[str, Any]:
    """Who asks what, why, and what would be told."""
    found = _open(context, given["token"])
    claims = _claims(context)
    told = [{"claim": name, "value": claims[name]} for name in found.names]
    return _seen(found) | {"told": told, "expires_ms": found.until_ms}


def answer(context: Context, given: Arguments) -> dict[str, Any]:
    """Once: an ask that was answered is over. Asked again by the same holder the same way, it is the same answer."""
    people, number, now_ms = context.site.people, context.whose.holder.number, context.now.unix_ms
    wanted = AskState.AGREED if given["agree"] else AskState.DECLINED
    with people.writing():
        found = ask_with(people, bytes.fromhex(given["token"]))
        if found is not None and (found.holder, found.state) == (number, wanted):
            return {"state": wanted.name.lower()}
        if found is None or found.is_sandbox or not found.is_open(now_ms):
            raise CallRefused(NO_ASK)
        if given["agree"]:
            agree(people, found, number, _claims(context), now_ms)
        else:
            decline(people, found, number, now_ms)
    return {"state": wanted.name.lower()}


def apps(context: Context, _: Arguments) -> dict[str, Any]:
    """What the holder has let be known, newest first."""
    with context.site.people.reading():
        found = asks_of(context.site.people, context.whose.holder.number)
    return {
        "own": context.whose.is_own,
        "items": [_seen(one) | {"ask": one.id, "claims": list(one.names), "at_ms": one.said_ms} for one in found],
    }


def take_back(context: Context, given: Arguments) -> dict[str, Any]:
    """The application reads nothing of it any more. Idempotent."""
    people, number = context.site.people, context.whose.holder.number
    with people.writing():
        found = ask_by_id(people, given["ask"])
        if found is None or found.holder != number:
            raise CallRefused(NO_ASK)
        if found.state == AskState.AGREED:
            withdraw(people, found, context.now.unix_ms)
    return {}


def _open(context: Context, token: str) -> Ask:
    with context.site.people.reading():
        found = ask_with(context.site.people, bytes.fromhex(token))
    if found is None or found.is_sandbox or not found.is_open(context.now.unix_ms):
        raise CallRefused(NO_ASK)
    return found


def _claims(context: Context) -> dict[str, object]:
    """of_age: None where the school has not said when he was born."""
    holder = context.whose.holder
    of_age = age(holder.born, context.now.campus_s) >= OF_AGE if holder.born else None
    return {"name": holder.name, "number": holder.number, "class": holder.group, "of_age": of_age}


def _seen(one: Ask) -> dict[str, Any]:
    return {"app": one.app_name, "merchant": one.merchant, "why": one.why}


OPERATIONS: Mapping[str, Operation] = {
    "apps": Operation(Right.SEES, {"holder": HOLDER}, apps),
    "apps/asked": Operation(Right.OWN, {"holder": HOLDER, "token": TOKEN}, asked),
    "apps/answer": Operation(Right.OWN, {"holder": HOLDER, "token": TOKEN, "agree": flag()}, answer, own=True),
    "apps/take-back": Operation(Right.OWN, {"holder": HOLDER, "ask": whole(1, ASK_MAX)}, take_back),
}
