"""The books as a stranger reads them: entries and postings after each commit, held against what the cards have done.

I1: no deed is posted twice, none that no card has done, none over another sum. I2: every entry moves whole sums above
zero between two accounts that exist, so that all balances add up to zero at every commit.
"""

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence

from cloud.ledger.books.entry import EntryKind
from shared.ids import card_id
from shared.records import STORED_HEAD, CounterKind
from shared.wire import codec
from tests.sim.disk import deed_of
from tests.sim.ledgers import fresh_entries
from tests.sim.paying_law import APART, PayingLaw
from tests.sim.theft import Theft
from tests.sim.truth import Deed, Happened
from tests.sim.world import Violation

_POSTS = frozenset((
    EntryKind.PURCHASE, EntryKind.EVIDENCE, EntryKind.LOAD_CONFIRMED, EntryKind.LOAD_CONFIRMED_BY_COUNTER,
    EntryKind.LOAD_ALONE, EntryKind.CLAIM_ALONE,
))  # fmt: skip
_ENTRIES = (
    "SELECT e.id, e.kind, r.stored, e.document, e.reverses, r.id FROM entry e LEFT JOIN record r ON r.id = e.record "
    "WHERE e.id > ? ORDER BY e.id"
)
_LINES = "SELECT entry, debit, credit, fen FROM posting WHERE entry > ?"
_PURCHASES = frozenset((EntryKind.PURCHASE, EntryKind.EVIDENCE))
_PROVEN = frozenset((EntryKind.PURCHASE, EntryKind.LOAD_CONFIRMED))


class Books:
    """Entries, postings and balances so far. `deeds` is the judge's own, filled by the cards."""

    def __init__(
        self, deeds: dict[Deed, tuple[str, Happened]], rivals: Mapping[Deed, Sequence[Happened]] | None = None
    ) -> None:
        """rivals: what several bodies of one card have done; one of them is posted."""
        self.posted: Counter[Deed] = Counter()
        self.balances: Counter[str] = Counter()
        self.amounts: Counter[Deed] = Counter()
        """What each deed is posted over now."""
        self.voided: Counter[Deed] = Counter()
        """What of it went to pending load: by a void, or by evidence of half a mixed payment."""
        self.entries = 0
        self.theft: Theft | None = None
        self.paying: PayingLaw | None = None
        self.apart: Counter[str] = Counter()
        """What of the balances entries of accounts alone have moved, since the day began."""
        self.hostile = b""
        """A body that makes its records up."""
        self._deeds, self._rivals = deeds, {} if rivals is None else rivals
        self._accounts: dict[int, str] = {}
        self._last = 0
        self._fresh = fresh_entries()
        self._by_entry: dict[int, tuple[Deed, int]] = {}
        self._halves: set[int] = set()

    def committed(self, database: sqlite3.Connection) -> None:
        """Look for new entries."""
        fresh = database.execute(_ENTRIES, (self._last,)).fetchall()
        if not fresh:
            return
        lines_of: dict[int, list[tuple[int, int, int]]] = {}
        for number, debit, credit, fen in database.execute(_LINES, (self._last,)):
            lines_of.setdefault(number, []).append((debit, credit, fen))
        touched: list[Deed] = []
        for number, kind, stored, document, reverses, record in fresh:
            lines = lines_of.get(number, [])
            self._move(database, number, lines)
            self._last = number
            self.entries += 1
            if self.theft is not None and kind in _PURCHASES:
                credited = [self._name(database, credit) for _, credit, _ in lines]
                self.theft.booked(number, record, stored, credited)
            self._move_apart(database, (number, kind, record, stored), lines)
            if kind == EntryKind.VOID:
                self._void(deed_of(stored[STORED_HEAD:]), sum(line[2] for line in lines))
            elif _takes_a_deed_back(kind, reverses):
                touched.append(self._withdraw(reverses))
            elif kind in _POSTS:
                self._require_a_card(number, stored)
                deed = _of_document(database, document) if stored is None else deed_of(stored[STORED_HEAD:])
                touched.append(self._post(database, number, EntryKind(kind), deed, lines))
                self._note_half(database, number, EntryKind(kind), lines)
        for deed in touched:
            if not 0 <= self.posted[deed] <= 1:
                raise Violation("I1", f"{deed} is posted {self.posted[deed]} times")

    def _move_apart(
        self, database: sqlite3.Connection, entry: tuple[int, int, int | None, bytes | None],
        lines: list[tuple[int, int, int]],
    ) -> None:  # fmt: skip
        number, kind, record, stored = entry
        if number <= self._fresh or kind not in APART:
            return
        named = [(self._name(database, debit), self._name(database, credit), fen) for debit, credit, fen in lines]
        for debit, credit, fen in named:
            self.apart[debit] += fen
            self.apart[credit] -= fen
        if self.paying is not None:
            self.paying.booked(EntryKind(kind), record, stored, named, self.balances)

    def _require_a_card(self, number: int, stored: bytes | None) -> None:
        if stored is not None and self.hostile and stored[:6] == self.hostile:
            raise Violation("hostile", f"entry {number} is of a record that no card has made")

    def put_back(self, database: sqlite3.Connection) -> None:
        """It is an older copy now: read all of it again."""
        self.posted.clear()
        self.balances.clear()
        self.amounts.clear()
        self.voided.clear()
        self._halves.clear()
        self._by_entry.clear()
        self.apart.clear()
        self._last = self.entries = 0
        self.committed(database)

    def total(self) -> int:
        """Σ of all balances, debits positive."""
        return sum(self.balances.values())

    def _move(self, database: sqlite3.Connection, number: int, lines: list[tuple[int, int, int]]) -> None:
        if not lines:
            raise Violation("I2", f"entry {number} moves nothing")
        for debit, credit, fen in lines:
            if fen <= 0 or debit == credit:
                raise Violation("I2", f"entry {number} moves {fen} from {debit} to {credit}")
            self.balances[self._name(database, debit)] += fen
            self.balances[self._name(database, credit)] -= fen

    def _post(
        self, database: sqlite3.Connection, number: int, kind: EntryKind, deed: Deed, lines: list[tuple[int, int, int]]
    ) -> Deed:
        """What is posted by evidence may be withdrawn again; its sum is looked at in the end."""
        fen, done = sum(line[2] for line in lines), [one.amount_fen for one in self._rivals.get(deed, ())]
        done += [self._deeds[deed][1].amount_fen] if deed in self._deeds else []
        if not done:
            raise Violation("I1", f"{deed} is posted and no card has done it")
        if kind in _PROVEN and fen not in done:
            raise Violation("I1", f"{deed} is posted over {fen} fen, the card has moved {done}")
        self.posted[deed] += 1
        self.amounts[deed] += fen
        self._by_entry[number] = deed, fen
        return deed

    def _withdraw(self, number: int) -> Deed:
        deed, fen = self._by_entry[number]
        self.posted[deed] -= 1
        self.amounts[deed] -= fen
        if number in self._halves:
            self.voided[deed] -= fen
        return deed

    def _void(self, deed: Deed, fen: int) -> None:
        self.voided[deed] += fen
        if self.voided[deed] > self.amounts[deed]:
            raise Violation("void", f"{deed} is given back over {self.voided[deed]} fen, it took {self.amounts[deed]}")

    def _note_half(
        self, database: sqlite3.Connection, number: int, kind: EntryKind, lines: list[tuple[int, int, int]]
    ) -> None:
        """Evidence that credits pending load at once."""
        if kind is EntryKind.EVIDENCE and self._name(database, lines[0][1]).startswith("pending"):
            self._halves.add(number)
            self._void(*self._by_entry[number])

    def _name(self, database: sqlite3.Connection, account: int) -> str:
        if account not in self._accounts:
            found = database.execute("SELECT code FROM account WHERE id = ?", (account,)).fetchone()
            if found is None:
                raise Violation("I2", f"a posting on account {account}, which does not exist")
            self._accounts[account] = found[0]
        return self._accounts[account]


def _takes_a_deed_back(kind: int, reverses: int | None) -> bool:
    """Of a loss it is not the deed that is taken back."""
    return reverses is not None and kind != EntryKind.LOSS_TAKEN_BACK


def _of_document(database: sqlite3.Connection, document: bytes | None) -> Deed:
    """A load that a document confirms: [kind, key of its case, …]."""
    key = codec.loads(document or b"")[1]
    card, counter = database.execute("SELECT card, counter FROM load_case WHERE key = ?", (key,)).fetchone()
    return Deed(card_id(card), CounterKind.ONLINE, counter)
