"""I7: the same records in any other order, with repetitions, make the same books.

All that the boxes ever held is delivered anew, shuffled and partly doubled, to a fresh ledger; the loads' online
requests come first, in their own order. What is compared is money and who has it, not numbers of entries.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from random import Random
from typing import TYPE_CHECKING

from cloud.ledger.ledger import Ledger
from cloud.ledger.records.values import Received
from cloud.online.load import LoadAnswers, LoadCounts
from shared.ids import BoxId, StoreId
from shared.purse.load_auth import LoadAuth
from tests.sim.books import Books
from tests.sim.faults import Faults
from tests.sim.ingest_part import KeysHere, copy_of, tac_items
from tests.sim.ledgers import fresh_ledger
from tests.sim.stores import OutboxMirror
from tests.sim.world import Violation, World

if TYPE_CHECKING:
    from tests.sim.campus import Campus

NO_MAC2 = bytes(4)
"""No card hears these answers."""
PIECE_MAX = 30
TRANSACTION_MAX = 12


class KeysOfTheDay:
    """What the key process said on the day, which it would say again: keys know no order. What it was never asked, it
    is asked now."""

    def __init__(self, then: KeysHere, now: KeysHere) -> None:
        self._then, self._now = then, now

    def check_tac(self, items: bytes) -> bytes:
        """As KeyClient."""
        asked, said = tac_items(items), self._then.tacs
        fresh = [item for item in asked if item not in said]
        if fresh:
            self._now.check_tac(b"".join(fresh))
        return bytes(said[item] if item in said else self._now.tacs[item] for item in asked)

    def load_check(self, auth: LoadAuth) -> bool:
        """As KeyClient."""
        said = self._then.loads.get(auth)
        return self._now.load_check(auth) if said is None else said

    def load_mac2(self, auth: LoadAuth, time_s: int) -> bytes:
        """As KeyClient, in form."""
        return NO_MAC2


def check_replay(campus: "Campus") -> None:
    """Deliver again, in another order; compare."""
    with closing(copy_of(fresh_ledger())) as database:
        _compare(campus, database)


def _compare(campus: "Campus", database: sqlite3.Connection) -> None:
    replayed = deliver(campus, campus.ingest.open(database, lambda point: None))
    books = Books(campus.judge.deeds)
    books.committed(database)
    if books.posted != campus.judge.books.posted:
        deed = next(d for d in campus.judge.deeds if books.posted[d] != campus.judge.books.posted[d])
        raise Violation("I7", f"{deed}: posted {books.posted[deed]} times after {replayed} deliveries in another order")
    held = campus.judge.books.theft is not None
    there, here = (_money(_of_cards(found), held=held) for found in (books, campus.judge.books))
    if there != here:
        code = next(code for code in there.keys() | here.keys() if there[code] != here[code])
        raise Violation("I7", f"{code}: {there[code]} fen in another order, {here[code]} in this one")


def deliver(campus: "Campus", ledger: Ledger, halfway: Callable[[], None] = lambda: None) -> int:
    """Everything again; how many batches. halfway: what is done between them."""
    world = World(campus.world.seed)
    keys = KeysOfTheDay(campus.ingest.keys, KeysHere(campus.plan.key_operations(), world, Faults()))
    loads, now = LoadAnswers(keys, ledger, LoadCounts()), campus.ingest.now()
    for box, request, then in campus.ingest.requests:
        loads.answer(BoxId(box), request, then)
    batches = [piece for mirror in _mirrors(campus) for piece in _pieces(campus, mirror, world.random)]
    batches += [batch for batch in batches if world.random.random() < 0.15]
    world.random.shuffle(batches)

    def receive(part: list[Received]) -> None:
        while part:
            size = world.random.randint(1, TRANSACTION_MAX)
            ledger.receive(part[:size], keys.check_tac, now)
            part = part[size:]

    half = len(batches) // 2
    receive(batches[:half])
    halfway()
    receive(batches[half:])
    return len(batches)


def _mirrors(campus: "Campus") -> list[OutboxMirror]:
    return [*campus.judge.outboxes.values(), *campus.judge.retired]


def _pieces(campus: "Campus", mirror: OutboxMirror, random: Random) -> list[Received]:
    """Contiguous pieces of an outbox, of random sizes."""
    partition = next(box.partition for box in campus.plan.boxes if box.box == mirror.box)
    pieces, rows = [], sorted(mirror.rows)
    while rows:
        size = random.randint(1, PIECE_MAX)
        part, rows = rows[:size], rows[size:]
        records = tuple(mirror.rows[row][1] for row in part)
        pieces.append(Received(BoxId(mirror.box), partition, StoreId(mirror.store), part[0], records))
    return pieces


def _of_cards(books: Books) -> Counter[str]:
    """Without what moves accounts alone, which the fresh ledger was not told of."""
    money = Counter(books.balances)
    money.subtract(books.apart)
    return money


def _money(balances: Counter[str], *, held: bool) -> Counter[str]:
    """Transit and pending count as the account's own: a request that was granted here may have been refused there, and
    the record of a second try does not say which of the holder's two accounts had paid the first.

    held: a theft was reported here and not there, so what is held counts as the merchant's, and so does what a stolen
    terminal's voids would have given back there, and what was claimed of it since.
    """
    money: Counter[str] = Counter()
    for code, fen in balances.items():
        name = code.replace("transit:", "online:").replace("pending:", "online:")
        is_merchants = name.startswith(("held:", "merchant:", "online:"))
        money["merchants" if held and is_merchants else name] += fen
    return money


