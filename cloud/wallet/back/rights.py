"""Who may ask for what: session, holder and right, judged for every operation in this one place."""

from dataclasses import replace

from cloud.ledger.cards.life import DeedKind, life_of
from cloud.ledger.funds.successors import home_of
from cloud.store.db import Database
from cloud.wallet.back.context import Chosen, Context, Operation, Right, Site
from cloud.wallet.line.problems import AGAIN, BLOCKED, CONSENT_NEEDED, NOT_YOURS, SHARED, SIGN_IN, CallRefused
from cloud.wallet.line.shapes import Arguments
from cloud.wallet.people.blocks import Block, block_of
from cloud.wallet.people.consents import has_consent
from cloud.wallet.people.persons import Person, children_of, has_granted, person_of
from cloud.wallet.people.records.stalls import stalls_of
from cloud.wallet.people.roster import Holder, classes_taught, holder_of
from cloud.wallet.people.sessions import end_session, note_seen, session_of
from cloud.wallet.people.sight import CONSENT_AGE, Bond, age, may
from shared.ids import CardId
from shared.wire.desk.calls import CardState

_FOUND = "SELECT 1 FROM card_deed WHERE card = ? AND kind = ? AND at_ms > ? LIMIT 1"
_LOST = "SELECT cashier, text, at_ms FROM card_deed WHERE card = ? AND kind = ? ORDER BY id DESC LIMIT 1"


def admitted(context: Context, operation: Operation, arguments: Arguments) -> Context:
    """The context with person and holder, as the operation requires. CallRefused."""
    if operation.right is Right.ANYBODY:
        return context
    signed = _signed(context)
    if operation.own and signed.session.is_brief:
        raise CallRefused(SHARED)
    if operation.fresh and not signed.session.is_fresh(context.now.unix_ms):
        raise CallRefused(AGAIN)
    if operation.right is Right.PERSON:
        return signed
    if operation.right is Right.STALL:
        return replace(signed, stall=_stall(signed, arguments.get("merchant")))
    found = _chosen(signed, operation.right, arguments.get("holder"))
    if found.is_own:
        _require_in_hand(signed, operation.right, found)
    return replace(signed, chosen=found)


def _require_in_hand(context: Context, right: Right, whose: Chosen) -> None:
    """Who was reported to have lost phone and card pays and shows nothing. Whom the card desk has reported signs in
    anew: it has no part in his sessions, and one of them may be in the lost phone."""
    block = standing_block(context.site, whose)
    if block is None:
        return
    if not block.id and context.session.proven_ms < block.at_ms:
        with context.site.people.writing():
            end_session(context.site.people, context.session.key, context.person.id)
        raise CallRefused(SIGN_IN)
    if right is Right.OWN:
        raise CallRefused(BLOCKED)


def standing_block(site: Site, whose: Chosen) -> Block | None:
    """The newest block of his wallet that stands. One is over, too, when the card desk has found his card since; and
    who is lost by the desk's word, or a command, is blocked by it (id 0, name: whose word)."""
    with site.people.reading():
        block = block_of(site.people, whose.holder.number)
    if whose.card is None:
        return block
    db = site.ledger.database
    with db.reading():
        if block is not None and not db.run(_FOUND, (whose.card, int(DeedKind.FOUND), block.at_ms)):
            return block
        lost = life_of(db, whose.card).state is CardState.LOST
        said = db.run(_LOST, (whose.card, int(DeedKind.LOST))) if lost else []
    return Block(whose.holder.number, 0, said[0][1], "", said[0][2], name=said[0][0]) if said else None


def block_of_holder(site: Site, number: str) -> Block | None:
    """As above, by the roster's number."""
    with site.people.reading():
        holder = holder_of(site.people, number)
    return standing_block(site, chosen(site.ledger.database, holder, is_own=True)) if holder is not None else None


def _signed(context: Context) -> Context:
    people, now_ms = context.site.people, context.now.unix_ms
    with people.writing():
        session = session_of(people, context.caller.session, now_ms)
        person = person_of(people, session.person) if session else None
        if session is None or person is None:
            raise CallRefused(SIGN_IN)
        note_seen(people, session, now_ms)
    return replace(context, signed=(person, session))


def _stall(context: Context, wanted: str | None) -> str:
    """The first of his where none is named."""
    people = context.site.people
    with people.reading():
        mine = stalls_of(people, context.person.id)
    if not mine or (wanted and wanted not in mine):
        raise CallRefused(NOT_YOURS)
    return wanted or mine[0]


def _chosen(context: Context, right: Right, number: str | None) -> Chosen:
    people, person = context.site.people, context.person
    with people.reading():
        children = children_of(people, person.id)
        wanted = number or person.holder or next(iter(children), "")
        holder = holder_of(people, wanted) if wanted else None
        bond = _taught(people, person, holder) if right is Right.TEACHES else _bond(people, person, wanted, children)
        consented = bond is not Bond.SELF or has_consent(people, wanted)
    if holder is None or bond is None or not may(right.value, bond, holder.born, context.now.campus_s):
        raise CallRefused(NOT_YOURS)  # the same for one who is not there: nobody learns the numbers
    if not consented and right is not Right.TOPS_UP and age(holder.born, context.now.campus_s) < CONSENT_AGE:
        raise CallRefused(CONSENT_NEEDED)  # a loss is reported without
    return chosen(context.site.ledger.database, holder, is_own=bond is Bond.SELF)


def _taught(people: Database, person: Person, holder: Holder | None) -> Bond | None:
    """By the phone that he has proven, as the newest roster has it; another person's loss is none of his own."""
    if holder is None or not holder.group or holder.number == person.holder:
        return None
    return Bond.TEACHER if holder.group in classes_taught(people, person.phone) else None


def _bond(people: Database, person: Person, number: str, children: list[str]) -> Bond | None:
    if number and person.holder == number:
        return Bond.SELF
    if number not in children:
        return None
    return Bond.GRANTED if has_granted(people, number, person.id) else Bond.GUARDIAN


def chosen(ledger: Database, holder: Holder, *, is_own: bool) -> Chosen:
    """With the card that is his now: the one of the roster, or the last that has taken its place."""
    with ledger.reading():
        rows = ledger.run("SELECT card FROM card WHERE label = ?", (holder.label,)) if holder.label else []
        if not rows:
            return Chosen(holder, None, "", is_own)
        card = CardId(home_of(ledger, bytes(rows[0][0])))
        ((label,),) = ledger.run("SELECT label FROM card WHERE card = ?", (card,))
    return Chosen(holder, card, label, is_own)
