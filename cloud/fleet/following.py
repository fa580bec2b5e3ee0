"""A list that follows from the books by itself, and how it is made: hotlist, revocations, capped and awaited cards.

Each is looked at whenever what it is made of has another version, and made where its bytes are others; the head of one
whose age counts is signed again before it is old. A key process that is away stops nothing but progress: the look is
made again after RETRY_MS.
"""

from collections.abc import Callable, Hashable
from hashlib import sha256
from typing import NamedTuple

from cloud.ledger.findings.found import capped_now
from cloud.ledger.fleet.documents.door import HOTLIST, DocumentLedger
from cloud.ledger.fleet.documents.hotlist import Listing
from cloud.ledger.fleet.documents.lists import AWAITED, CAPPED, ENROLLED, REVOCATIONS, WALLETS
from cloud.ledger.fleet.documents.making import Books, Draft
from cloud.ledger.fleet.documents.rows import Which
from cloud.ledger.funds.meals.roster import enrolled_numbers
from cloud.ledger.funds.meals.rules import meal_rule
from cloud.ledger.funds.offline.document import wallets_now
from cloud.ledger.loads.awaited import awaited_now
from cloud.ledger.records.values import Now
from shared.errors import KeyFault, WireFault
from shared.fleet.capped import capped_body
from shared.fleet.cards import awaited_body
from shared.fleet.enrolled import SALT_SIZE, enrolled_body
from shared.fleet.wallets import wallets_body

AGAIN_S = 300
RETRY_MS = 5_000
CAPPED_LOOK_MS = 1_000
"""Capped cards follow what was found, and what has lapsed."""
AWAITED_LOOK_MS = 1_000
"""Awaited cards change with the time: they are looked at so often."""
AWAITED_PACE_MS = 5_000
"""And made no oftener than this: each making is written at every box and every terminal."""

ENROLLED_PACE_MS = 5_000
"""As awaited cards: a roster in many parts is one list."""

WALLETS_PACE_MS, WALLETS_LOOK_MS = 1_000, 600_000
"""An end of a certificate is told at once, many together; those that are over leave the list by and by."""

Drawn = tuple[Draft, Listing | None]


class Form(NamedTuple):
    """How a list follows. version: of what it is made of; draw: its next generation, None: nothing is new; its version
    of before is None at first, and after a doubt."""

    which: Which
    version: Callable[[Books, Now], Hashable]
    draw: Callable[[DocumentLedger, int, Now, Books | None], Drawn | None]
    ages: bool = False
    pace_ms: int = 0


class Follower:
    """Where it stands. make: keeps a draft; sign: the newest head again; both may raise KeyFault."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self._of: tuple[Hashable, Books] | None = None
        """What the newest one is of."""
        self._signed_s = self._made_ms = self._not_before_ms = 0
        self.told = ""

    def doubt(self) -> None:
        """What was made here may not be the newest."""
        self._of = None

    def put_off(self, now: Now) -> None:
        """Nobody signs now."""
        self._not_before_ms = now.unix_ms + RETRY_MS

    def is_due(self, books: Books, now: Now) -> bool:
        """Is there anything to look at?"""
        if 0 < self._not_before_ms - now.unix_ms <= RETRY_MS:
            return False
        if self._of is None or self._of[0] != self.form.version(books, now):
            return not 0 <= now.unix_ms - self._made_ms < self.form.pace_ms
        return self.form.ages and not self._is_young(now)

    def look(
        self, ledger: DocumentLedger, key_version: int | None, books: Books, now: Now,
        keep: Callable[[Drawn], object], sign_again: Callable[[Which, int], object],
    ) -> str:  # fmt: skip
        """Follow the books, as they are at this version. Why it cannot be made; "": it can. key_version None: there is
        no key, or the key process was away when it was asked: nothing has followed, and no change is lost."""
        self.put_off(now)
        if key_version is None:
            return ""
        try:
            is_followed = self._follow(ledger, key_version, now, keep, sign_again)
        except KeyFault:
            return ""
        except WireFault as fault:
            return str(fault)
        self._not_before_ms, self.told = 0, ""
        self._of = (self.form.version(books, now), books) if is_followed else None
        return ""

    def _follow(
        self, ledger: DocumentLedger, key_version: int, now: Now,
        keep: Callable[[Drawn], object], sign_again: Callable[[Which, int], object],
    ) -> bool:  # fmt: skip
        """False: somebody else has made one meanwhile."""
        drawn = self.form.draw(ledger, key_version, now, self._of[1] if self._of else None)
        if drawn is not None:
            self._signed_s, self._made_ms = now.campus_s, now.unix_ms
            return keep(drawn) is not None
        if self.form.ages and not self._is_young(now):
            sign_again(self.form.which, key_version)
            self._signed_s = now.campus_s
        return True

    def _is_young(self, now: Now) -> bool:
        return 0 <= now.campus_s - self._signed_s < AGAIN_S


def _hotlist(ledger: DocumentLedger, key_version: int, now: Now, since: Books | None) -> Drawn | None:
    return ledger.draft_hotlist(key_version, now, since)


def _revocations(ledger: DocumentLedger, key_version: int, now: Now, _: Books | None) -> Drawn | None:
    draft = ledger.draft_revocations(key_version, now)
    return None if draft is None else (draft, None)


def _awaited(ledger: DocumentLedger, key_version: int, now: Now, _: Books | None) -> Drawn | None:
    """While nobody was ever awaited, no list says so."""
    with ledger.database.reading():
        cards = awaited_now(ledger.database, now).cards
    if not cards and not ledger.is_made(AWAITED):
        return None
    draft = ledger.draft(AWAITED, awaited_body(cards), key_version, now)
    return None if draft is None else (draft, None)


def _capped(ledger: DocumentLedger, key_version: int, now: Now, _: Books | None) -> Drawn | None:
    """While nobody was ever capped, no list says so."""
    with ledger.database.reading():
        rows = capped_now(ledger.database, now.campus_s)
    if not rows and not ledger.is_made(CAPPED):
        return None
    draft = ledger.draft(CAPPED, capped_body(rows), key_version, now)
    return None if draft is None else (draft, None)


def _enrolled(ledger: DocumentLedger, key_version: int, now: Now, _: Books | None) -> Drawn | None:
    """While no roster was ever taken, no list says so."""
    with ledger.database.reading():
        numbers, rule = enrolled_numbers(ledger.database), meal_rule(ledger.database)
    if not numbers and not ledger.is_made(ENROLLED):
        return None
    salt = sha256(ledger.opened.picture.registry.ledger + b"enrolled").digest()[:SALT_SIZE]
    draft = ledger.draft(ENROLLED, enrolled_body(*rule, salt, numbers), key_version, now)
    return None if draft is None else (draft, None)


def _wallets(ledger: DocumentLedger, key_version: int, now: Now, _: Books | None) -> Drawn | None:
    """While a school never said anything of offline codes, no document does."""
    with ledger.database.reading():
        found = wallets_now(ledger.database, now.campus_s)
    if found is None:
        return None
    draft = ledger.draft(WALLETS, wallets_body(found), key_version, now)
    return None if draft is None else (draft, None)


def _wallets_version(books: Books, now: Now) -> Hashable:
    return books.codes, books.hotlist, now.unix_ms // WALLETS_LOOK_MS


FORMS = (
    Form(REVOCATIONS, lambda books, _: books.registry, _revocations),
    Form(HOTLIST, lambda books, _: books, _hotlist, ages=True),
    Form(WALLETS, _wallets_version, _wallets, pace_ms=WALLETS_PACE_MS),
    Form(CAPPED, lambda _, now: now.unix_ms // CAPPED_LOOK_MS, _capped),
    Form(AWAITED, lambda _, now: now.unix_ms // AWAITED_LOOK_MS, _awaited, pace_ms=AWAITED_PACE_MS),
    Form(ENROLLED, lambda books, _: books.meals, _enrolled, pace_ms=ENROLLED_PACE_MS),
)
"""The urgent ones first."""
