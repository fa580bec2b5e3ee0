"""Certificates of phones in the books: given out, signed, ended. A row, and an append-only step for each change.

A number is drawn, and never given out twice by these books; an older copy that is used on draws another one. What is
given out and not over can still be shown at a terminal that has not heard of its end: CARD_MAX bounds it for a card.
"""

from collections.abc import Callable, Sequence

from cloud.ledger.books.chart import Side
from cloud.ledger.funds.bounds import day_max_of
from cloud.ledger.funds.offline.rules import code_rule
from cloud.ledger.funds.offline.terms import Against, CertificateRow, CodeRule, EndWhy, OfflineRefused
from cloud.ledger.journal.balances import balance_now
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.writing import Writing
from cloud.store.db import Database
from shared.errors import RuleBroken
from shared.ids import CardId
from shared.keys.offline_code import VALID_MAX_S, is_phone_key

COLUMNS = (
    "number, card, card_class, public, key, key_version, from_s, until_s, uses, one_fen, made_ms, signature, "
    "ended_why, ended_s"
)
STEP_COLUMNS = "id, number, why, document, who, at_s, at_ms"
CARD_MAX = 3
"""Of a card that can still be shown and have a use left; at the bound the next is refused until one is over."""
RENEW_S = 24 * 3600
"""A phone's own certificate that lives longer than this, and has a use left, is good enough."""
EARLY_S = 120
"""It counts from a little before it was made: a terminal's clock may be so far behind."""
KEY_MAX, WHO_MAX, NUMBER_SIZE, DRAWS_MAX = 64, 100, 4, 16
_SELECT = f"SELECT {COLUMNS} FROM phone_certificate"  # noqa: S608  # our own names
GIVEN = 0
"""A step's `why` where the certificate was given out."""


def give(
    writing: Writing, card: CardId, public: bytes, key: str, key_version: int, draw: Callable[[int], bytes]
) -> tuple[CertificateRow, bool]:  # fmt: skip
    """A certificate, not signed yet, and whether it was there before. Inside of a transaction. OfflineRefused."""
    _require(bool(key) and len(key.encode()) <= KEY_MAX and key.isprintable(), Against.KEY_REUSED)
    known = of_key(writing.db, card, key)
    if known is not None:
        _require(known.public == public, Against.KEY_REUSED)
        return known, True
    _require(is_phone_key(public), Against.WRONG_KEY)
    rule, now_s = code_rule(writing.db), writing.now.campus_s
    _require(rule.is_on, Against.OFF)
    online = _served(writing, card)
    showable = of_card(writing.db, card, now_s)
    _require(not any(one.ended_why == EndWhy.TWICE for one in showable), Against.DOUBTED)
    good = next((one for one in showable if one.public == public and _is_good(writing.db, one, rule, now_s)), None)
    if good is not None:
        return good, True
    _require(day_max_of(writing.db, card) >= rule.uses * rule.one_fen, Against.BOUND)
    _require(balance_now(writing.db, online, Side.CREDIT) >= rule.uses * rule.one_fen, Against.NO_FUNDS)
    _require(sum(bool(left_of(writing.db, one)) for one in showable) < CARD_MAX, Against.TOO_MANY)
    for one in showable:
        if one.public != public:
            end(writing, one, EndWhy.NEWER_PHONE, "")
    return _given(writing, card, public, key, key_version, rule, _number(writing.db, draw)), False


def sign(writing: Writing, number: int, signature: bytes) -> CertificateRow:
    """The key process has signed it. The same again changes nothing."""
    row = certificate_of(writing.db, number)
    if row is None:
        raise RuleBroken("a certificate is in the books before anybody signs it")
    if not row.signature:
        row = row._replace(signature=signature)
        writing.db.run("UPDATE phone_certificate SET signature = ? WHERE number = ?", (signature, number))
    return row


def end(writing: Writing, row: CertificateRow, why: EndWhy, who: str) -> bool:
    """It counts no more, from now on. False: it has ended, or is over, already. Inside of a transaction."""
    now = writing.now
    if row.ended_why or row.until_s <= now.campus_s:
        return False
    writing.db.run(
        "UPDATE phone_certificate SET ended_why = ?, ended_s = ? WHERE number = ?",
        (int(why), now.campus_s, row.number),
    )
    _step(writing, row.number, int(why), b"", who)
    return True


def end_of_card(writing: Writing, card: bytes, why: EndWhy, who: str) -> int:
    """All of this card's; so many. Inside of a transaction."""
    return sum(end(writing, one, why, who) for one in of_card(writing.db, card, writing.now.campus_s))


def end_above(writing: Writing, card: bytes, day_fen: int, who: str) -> int:
    """Those of this card that may pay more than its holder, or a guardian, lets it pay on a day from now on; so many.
    Inside of a transaction."""
    rows = of_card(writing.db, card, writing.now.campus_s)
    return sum(end(writing, one, EndWhy.HOLDER, who) for one in rows if one.uses * one.one_fen > day_fen)


def certificate_of(db: Database, number: int) -> CertificateRow | None:
    """By the number that a phone shows."""
    rows = db.run(f"{_SELECT} WHERE number = ?", (number,))
    return _row(rows[0]) if rows else None


def of_key(db: Database, card: bytes, key: str) -> CertificateRow | None:
    """By whoever asked for it."""
    rows = db.run(f"{_SELECT} WHERE card = ? AND key = ?", (card, key))
    return _row(rows[0]) if rows else None


def of_card(db: Database, card: bytes, now_s: int) -> list[CertificateRow]:
    """Those that are not over yet by their time, ended ones too; the newest first."""
    rows = db.run(f"{_SELECT} WHERE card = ? AND until_s > ? ORDER BY made_ms DESC, number", (card, now_s))
    return [_row(row) for row in rows]


def showable(db: Database, now_s: int) -> list[CertificateRow]:
    """Of all cards, those that are not over yet by their time, ended ones too."""
    return [_row(row) for row in db.run(f"{_SELECT} WHERE until_s > ? ORDER BY number", (now_s,))]


def every(db: Database) -> list[CertificateRow]:
    """All that were ever given out."""
    return [_row(row) for row in db.run(f"{_SELECT} ORDER BY number")]


def taken_of(db: Database, number: int) -> tuple[int, ...]:
    """Its uses that terminals have brought."""
    rows = db.run("SELECT DISTINCT use FROM code_use WHERE certificate = ? ORDER BY use", (number,))
    return tuple(int(use) for (use,) in rows)


def left_of(db: Database, row: CertificateRow) -> int:
    """Uses of it that no terminal has brought."""
    return row.uses - sum(use <= row.uses for use in taken_of(db, row.number))


def _served(writing: Writing, card: CardId) -> int:
    """The online account of a card that may have one."""
    known = writing.registry.cards.get(card)
    if known is None:
        raise OfflineRefused(Against.NO_CARD)
    _require(not known.hotlisted, Against.HOTLISTED)
    return known.accounts.online


def _is_good(db: Database, row: CertificateRow, rule: CodeRule, now_s: int) -> bool:
    """Is there no need of another one for the same phone?"""
    is_young = row.is_living(now_s) and row.until_s - now_s > RENEW_S
    return is_young and (row.uses, row.one_fen) == (rule.uses, rule.one_fen) and left_of(db, row) > 0


def _given(
    writing: Writing, card: CardId, public: bytes, key: str, key_version: int, rule: CodeRule, number: int
) -> CertificateRow:  # fmt: skip
    from_s = writing.now.campus_s - EARLY_S
    row = CertificateRow(
        number, card, _class_of(writing.db, card), public, key, key_version, from_s, from_s + VALID_MAX_S, rule.uses,
        rule.one_fen, writing.now.unix_ms,
    )  # fmt: skip
    writing.db.insert("phone_certificate", COLUMNS, [tuple(row)])
    _step(writing, number, GIVEN, row.phone(writing.registry.campus).encode(), "")
    return row


def _step(writing: Writing, number: int, why: int, document: bytes, who: str) -> None:
    last = writing.db.run("SELECT COALESCE(MAX(id), 0) FROM certificate_step")[0][0]
    row = (int(last) + 1, number, why, document, who[:WHO_MAX], writing.now.campus_s, writing.now.unix_ms)
    writing.db.insert("certificate_step", STEP_COLUMNS, [row])
    writing.booking.link(BookLinkKind.CERTIFICATE, row[0], digest_of(row))


def _number(db: Database, draw: Callable[[int], bytes]) -> int:
    for _ in range(DRAWS_MAX):
        number = int.from_bytes(draw(NUMBER_SIZE), "big")
        if number and certificate_of(db, number) is None:
            return number
    raise RuleBroken(f"certificates: {DRAWS_MAX} numbers drawn, each of them taken")


def _class_of(db: Database, card: bytes) -> int:
    sql = (
        "SELECT COALESCE(l.card_class, c.card_class) FROM card c LEFT JOIN card_life l ON l.card = c.card "
        "WHERE c.card = ?"
    )
    return int(db.run(sql, (card,))[0][0])


def _row(row: Sequence[object]) -> CertificateRow:
    found = CertificateRow(*row)  # type: ignore[arg-type]  # as the table has them
    return found._replace(card=bytes(found.card), public=bytes(found.public), signature=bytes(found.signature))


def _require(is_so: bool, against: Against) -> None:  # a fact, not a mode
    if not is_so:
        raise OfflineRefused(against)
