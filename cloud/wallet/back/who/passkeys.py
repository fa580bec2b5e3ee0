"""Passkeys: made by who has just proven himself, and signing in without a number or a password.

They are for the address that the accounts service was started with, whatever host a caller names. A count that went
back is a copied key: it is removed, and opens nothing any more. No answer tells which keys there are.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from cloud.process.passkeys import PasskeyRefused, Site, ask_for_known, ask_for_new, id_of, new_passkey, uses_after
from cloud.wallet.back.context import Context, Operation, Right, Signed
from cloud.wallet.back.rights import block_of_holder
from cloud.wallet.back.who.identity import WRONG, require_not_found
from cloud.wallet.line.problems import BLOCKED, CallRefused, Problem
from cloud.wallet.line.shapes import Arguments, octets, pattern, text
from cloud.wallet.people.passkeys import (
    CHALLENGE_SIZE,
    KeptPasskey,
    end_passkey,
    keep_passkey,
    new_challenge,
    note_uses,
    passkey_of,
    passkeys_of,
    use_challenge,
    user_handle,
)
from cloud.wallet.people.persons import person_of
from cloud.wallet.people.sessions import Way, open_session
from shared.words.voice import Text

OFF = Problem(409, "passkeys-off", Text("学校未启用通行密钥", "the school has no passkeys"))
FULL = Problem(409, "passkeys-full", Text("这把密钥已登记，或已满十把", "it is there already, or there are ten"))
ANYBODY = 0
ANSWER_MAX = 16_384


def ask_new(context: Context, _: Arguments) -> dict[str, Any]:
    """What the browser takes to make one; not on the phone that he has lost: that key would stay."""
    require_not_found(context)
    site, people, person = site_of(context), context.site.people, context.person
    with people.writing():
        challenge = new_challenge(people, person.id, context.now.unix_ms)
        known = [one.key.id for one in passkeys_of(people, person.id)]
    options = ask_for_new(site, person.name or "?", challenge, known, user_handle(person.id))
    return {"challenge": challenge.hex(), "options": json.loads(options)}


def add(context: Context, arguments: Arguments) -> dict[str, Any]:
    """The key that it made."""
    require_not_found(context)
    site, people, person, now_ms = site_of(context), context.site.people, context.person, context.now.unix_ms
    challenge = burnt_challenge(context, arguments, person.id)
    try:
        key = new_passkey(site, arguments["answer"], challenge)
    except PasskeyRefused as fault:
        raise CallRefused(WRONG) from fault
    with people.writing():
        if not keep_passkey(people, KeptPasskey(key, person.id, arguments["label"], now_ms)):
            raise CallRefused(FULL)
    return {}


def listed(context: Context, _: Arguments) -> list[dict[str, Any]]:
    """His."""
    people = context.site.people
    with people.reading():
        found = passkeys_of(people, context.person.id)
    return [{"key": one.key.id.hex(), "label": one.label, "at_ms": one.at_ms} for one in found]


def end(context: Context, arguments: Arguments) -> dict[str, Any]:
    """One of his opens nothing any more."""
    people = context.site.people
    with people.writing():
        return {"ended": end_passkey(people, bytes.fromhex(arguments["key"]), context.person.id)}


def ask_known(context: Context, _: Arguments) -> dict[str, Any]:
    """What the browser takes to show one; nobody is named."""
    site, people = site_of(context), context.site.people
    with people.writing():
        challenge = new_challenge(people, ANYBODY, context.now.unix_ms)
    return {"challenge": challenge.hex(), "options": json.loads(ask_for_known(site, challenge))}


def by_passkey(context: Context, arguments: Arguments) -> Signed:
    """A session for whoever has the key; not while he is blocked as lost, for the key may be in the lost phone."""
    people, caller, now_ms = context.site.people, context.caller, context.now.unix_ms
    site, challenge = site_of(context), burnt_challenge(context, arguments, ANYBODY)
    known = shown_key(context, site, arguments["answer"], challenge)
    with people.reading():
        person = person_of(people, known.person)
    if person is None:
        raise CallRefused(WRONG)
    if person.holder and block_of_holder(context.site, person.holder) is not None:
        raise CallRefused(BLOCKED)
    with people.writing():
        note_uses(people, known.key.id, known.key.uses)
        token = open_session(people, person.id, caller.address, caller.agent, now_ms, way=Way.PASSKEY)
        return Signed({}, token)


def shown_key(context: Context, site: Site, answer: str, challenge: bytes) -> KeptPasskey:
    """The key, with its new count. CallRefused."""
    people = context.site.people
    try:
        with people.reading():
            known = passkey_of(people, id_of(answer))
        if known is None:
            raise CallRefused(WRONG)
        uses = uses_after(site, answer, challenge, known.key._replace(uses=0))
    except PasskeyRefused as fault:
        raise CallRefused(WRONG) from fault
    if known.key.uses and uses <= known.key.uses:
        with people.writing():
            end_passkey(people, known.key.id, known.person)
        raise CallRefused(WRONG)
    return known._replace(key=known.key._replace(uses=uses))


def burnt_challenge(context: Context, arguments: Arguments, person: int) -> bytes:
    """Burnt, whatever comes of it. CallRefused: it was not asked of him."""
    people, challenge = context.site.people, bytes.fromhex(arguments["challenge"])
    with people.writing():
        asked = use_challenge(people, challenge, person, context.now.unix_ms)
    if not asked:
        raise CallRefused(WRONG)
    return challenge


def site_of(context: Context) -> Site:
    """As configured. CallRefused: nobody has said where phones find the wallet."""
    if not context.site.address:
        raise CallRefused(OFF)
    return Site(urlsplit(context.site.address).hostname or "", context.site.address)


ANSWER = {"challenge": octets(CHALLENGE_SIZE), "answer": text(ANSWER_MAX)}
_KEY = pattern("hex", "(?:[0-9a-f]{2}){1,1023}")
OPERATIONS: Mapping[str, Operation] = {
    "passkeys": Operation(Right.PERSON, {}, listed),
    "passkeys/ask": Operation(Right.PERSON, {}, ask_new, fresh=True, own=True),
    "passkeys/add": Operation(Right.PERSON, {**ANSWER, "label": text(64)}, add, fresh=True, own=True),
    "passkeys/end": Operation(Right.PERSON, {"key": _KEY}, end),
    "sign-in/passkey/ask": Operation(Right.ANYBODY, {}, ask_known),
    "sign-in/passkey": Operation(Right.ANYBODY, ANSWER, by_passkey),
}
