"""Erasure 注销: who has left the school and has nothing in it any more asks that what is kept of him goes.

What is kept, why and until when is told before and after he asks. The books stay: they have cards, and no names.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from cloud.ledger.books.chart import Side
from cloud.ledger.funds.orders.rows import is_reserved
from cloud.ledger.funds.providers.orders import waiting_of
from cloud.ledger.funds.providers.refunds import is_on_way
from cloud.ledger.funds.spares import held_by
from cloud.ledger.funds.successors import former_cards
from cloud.ledger.journal.balances import balance
from cloud.ledger.journal.registry import CARD_ACCOUNTS
from cloud.payments.disputes.rows import open_disputes
from cloud.store.db import Database
from cloud.wallet.back.context import Context, Operation, Right, Site
from cloud.wallet.back.rights import chosen
from cloud.wallet.line.problems import CallRefused, Problem
from cloud.wallet.line.shapes import Arguments, flag
from cloud.wallet.people.records.erasures import (
    RECORDS_DAYS,
    WAIT_DAYS,
    ask_erasure,
    call_off,
    erasure_of,
    is_needed,
    is_on_roster,
)
from cloud.wallet.people.roster import holder_of
from shared.words.voice import Text

CARDS_MAX = 16
HERE = Text("您还在名册上", "you are on the school's list")
GUARDS = Text("您仍是监护人、班主任或档口经营户", "you are a guardian or a teacher, or keep a stall, still")
MONEY = Text(
    "卡里或账户里还有钱，或有在途款：先到卡务窗口结清", "there is money left, or under way: the card desk pays it out"
)
DISPUTED = Text("有异议未答复", "a dispute has no answer yet")
NOT_YET = Problem(409, "not-erasable", Text("现在还不能注销", "not yet"))
KEPT = (
    (
        Text("姓名、生日、手机、密码、设备、通行密钥、已读标记", "name, birth, phone, password, devices, passkeys"),
        Text("办理钱包", "to run the wallet"), f"{WAIT_DAYS}",
    ),
    (
        Text("同意与授权、异议与答复、挂失记录（只留学号）", "consents, disputes, reports (under the number alone)"),
        Text("诉讼时效", "as long as it may be sued over"), f"{WAIT_DAYS + RECORDS_DAYS}",
    ),
    (
        Text("账本分录与流水（只有卡号，没有姓名）", "entries and records of the books (cards, no names)"),
        Text("会计档案与反洗钱规定", "the law of books and payments"), "",
    ),
)  # fmt: skip
"""What, why, and how many days after asking; '': as long as the books are kept."""


def erasure(context: Context, _: Arguments) -> dict[str, Any]:
    """What stands against it, what was asked, and what is kept."""
    people = context.site.people
    with people.reading():
        asked = erasure_of(people, context.person.id)
    return {
        "against": [_both(one) for one in _against(context)],
        "asked_ms": asked.asked_ms if asked else 0, "due_ms": asked.due_ms if asked else 0,
        "kept": [{"what": _both(what), "why": _both(why), "days": days} for what, why, days in KEPT],
    }  # fmt: skip


def ask(context: Context, given: Arguments) -> dict[str, Any]:
    """given False calls it off."""
    people, person, now_ms = context.site.people, context.person, context.now.unix_ms
    if given["given"] and any(True for _ in _against(context)):
        raise CallRefused(NOT_YET)
    with people.writing():
        if given["given"]:
            ask_erasure(people, person.holder, person.id, now_ms)
        else:
            call_off(people, person.id, now_ms)
    return erasure(context, given)


def waits(site: Site, number: str) -> bool:
    """Does money or a dispute of his keep this holder from being erased? Inside of a transaction of people's."""
    holder = holder_of(site.people, number)
    if holder is None:
        return False
    card = chosen(site.ledger.database, holder, is_own=True).card
    return bool(open_disputes(site.people, number)) or (card is not None and _has_money(site, card))


def _against(context: Context) -> Iterator[Text]:
    people, person = context.site.people, context.person
    with people.reading():
        here = bool(person.holder) and is_on_roster(people, person.holder)
        needed = is_needed(people, person.id)
        holder = holder_of(people, person.holder) if person.holder else None
        disputed = bool(person.holder and open_disputes(people, person.holder))
    if here:
        yield HERE
    if needed:
        yield GUARDS
    if disputed:
        yield DISPUTED
    card = chosen(context.site.ledger.database, holder, is_own=True).card if holder else None
    if card is not None and _has_money(context.site, card):
        yield MONEY


def _has_money(site: Site, card: bytes) -> bool:
    """Of this card and those before it; also below nothing: then he owes."""
    db = site.ledger.database
    with db.reading():
        for one in former_cards(db, card, CARDS_MAX):
            (accounts,) = db.run(f"SELECT {CARD_ACCOUNTS} FROM card WHERE card = ?", (one,))  # noqa: S608  # ours
            if is_under_way(db, one) or any(balance(db, account, Side.CREDIT) for account in accounts):
                return True
    return False


def is_under_way(db: Database, card: bytes) -> bool:
    """Is money of his in no account of his card: reserved, about to be brought or given back by a provider, or the
    deposit of a spare card? Inside of a snapshot."""
    return (
        is_reserved(db, card) or is_on_way(db, card) or waiting_of(db, card) > 0 or held_by(db, card) is not None
    )  # fmt: skip


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


OPERATIONS: Mapping[str, Operation] = {
    "erasure": Operation(Right.PERSON, {}, erasure),
    "erasure/ask": Operation(Right.PERSON, {"given": flag()}, ask, fresh=True),
}
