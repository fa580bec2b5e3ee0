"""Consent, grants of sight, and what is kept of somebody: given, taken back, and handed out as JSON.

Under 14 a guardian's consent precedes the holder's own wallet; the card needs none. Whoever is of age says himself
which guardian sees.
"""

from collections.abc import Mapping
from typing import Any

from cloud.payments.disputes.rows import answered, open_disputes
from cloud.wallet.back.context import Context, Operation, Right
from cloud.wallet.back.money.offline import end_all
from cloud.wallet.claims import asks_of
from cloud.wallet.line.problems import NOT_YOURS, CallRefused
from cloud.wallet.line.shapes import HOLDER, Arguments, flag, whole
from cloud.wallet.people.blocks import blocks_of
from cloud.wallet.people.consents import CONSENT, GRANT, Word, guardians_of, has_consent, keep_word, words_of
from cloud.wallet.people.persons import children_of, has_granted, name_of
from cloud.wallet.people.records.marks import told_above
from cloud.wallet.people.records.stalls import stalls_of
from cloud.wallet.people.roster import holder_of
from cloud.wallet.people.sessions import sessions_of
from cloud.wallet.people.sight import CONSENT_AGE, OF_AGE, age

PERSON_MAX = 2**53
WORDS_MAX = 100
"""Of the record, the newest; an export has all."""


def privacy(context: Context, _: Arguments) -> dict[str, Any]:
    """Whether a consent is asked for and stands, and what was said before; to the holder himself also who may see him,
    and every word; to a guardian his own."""
    people, whose = context.site.people, context.whose
    years = age(whose.holder.born, context.now.campus_s)
    with people.reading():
        number = whose.holder.number
        guardians = guardians_of(people, number) if whose.is_own else {}
        sees = [
            {"person": one, "name": name, "granted": has_granted(people, number, one)}
            for one, name in guardians.items()
        ]
        consented = has_consent(people, number)
        words = [one for one in words_of(people, number) if whose.is_own or context.person.id in (one.by, one.to)]
        names = {one: name_of(people, one) for word in words[-WORDS_MAX:] for one in (word.by, word.to) if one}
    return {
        "own": whose.is_own, "under14": years < CONSENT_AGE, "of_age": years >= OF_AGE, "consented": consented,
        "guardians": sees,
        "words": [_word(one, names) for one in reversed(words[-WORDS_MAX:])],
    }  # fmt: skip


def _word(one: Word, names: Mapping[int, str]) -> dict[str, Any]:
    by, to = names.get(one.by, ""), names.get(one.to, "")
    return {"use": one.use, "by": by, "to": to, "given": one.given, "at_ms": one.at_ms}


def consent(context: Context, given: Arguments) -> dict[str, Any]:
    """A guardian's word; the holder gives none for himself. Without one his phone pays no more, off line neither."""
    if context.whose.is_own:
        raise CallRefused(NOT_YOURS)
    _keep(context, Word(CONSENT, context.person.id, 0, given["given"], context.now.unix_ms))
    told = privacy(context, given)
    if told["under14"] and not told["consented"] and context.whose.card is not None:
        end_all(context)
    return told


def grant(context: Context, given: Arguments) -> dict[str, Any]:
    """The holder's word, of age, to one of his guardians; taken back, sight ends with the next call."""
    with context.site.people.reading():
        known = given["person"] in guardians_of(context.site.people, context.whose.holder.number)
    if not known or age(context.whose.holder.born, context.now.campus_s) < OF_AGE:
        raise CallRefused(NOT_YOURS)
    _keep(context, Word(GRANT, context.person.id, given["person"], given["given"], context.now.unix_ms))
    return privacy(context, given)


def export(context: Context, _: Arguments) -> dict[str, Any]:
    """What the wallet keeps of the person who asks, and of the holder that he is; money is in the statement."""
    people, person = context.site.people, context.person
    with people.reading():
        sessions = sessions_of(people, person.id, context.now.unix_ms)
        words = words_of(people, person.holder) if person.holder else []
        disputes = open_disputes(people, person.holder) if person.holder else []
        done = answered(people, person.holder) if person.holder else []
        blocks = blocks_of(people, person.holder) if person.holder else []
        let = asks_of(people, person.holder) if person.holder else []
        stalls, own = stalls_of(people, person.id), holder_of(people, person.holder) if person.holder else None
        above = {one: told_above(people, person.id, one) for one in children_of(people, person.id)}
    return {
        "made_ms": context.now.unix_ms, "person": {"name": person.name, "phone": person.phone, "holder": person.holder},
        "devices": [
            {"address": one.address, "agent": one.agent, "seen_ms": one.seen_ms, "way": one.way} for one in sessions
        ],
        "words": [one._asdict() for one in words], "disputes": [one._asdict() for one in disputes],
        "answers": [{**one._asdict(), "dispute": one.dispute._asdict()} for one in done],
        "losses": [{"person": one.person, "why": one.why, "at_ms": one.at_ms} for one in blocks],
        "applications": [{"app": one.app_name, "told": one.told, "at_ms": one.said_ms} for one in let],
        "stalls": stalls, "roster": own._asdict() if own else None,
        "wards": list(above), "told_above_fen": above,
    }  # fmt: skip


def _keep(context: Context, word: Word) -> None:
    with context.site.people.writing():
        keep_word(context.site.people, context.whose.holder.number, word)


OPERATIONS: Mapping[str, Operation] = {
    "privacy": Operation(Right.TOPS_UP, {"holder": HOLDER}, privacy),
    "consent": Operation(Right.SEES, {"holder": HOLDER, "given": flag()}, consent),
    "grant": Operation(Right.OWN, {"holder": HOLDER, "person": whole(1, PERSON_MAX), "given": flag()}, grant),
    "export": Operation(Right.PERSON, {}, export),
}
