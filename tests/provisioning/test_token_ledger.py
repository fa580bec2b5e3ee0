"""What a ledger books while the sealed store beside a token is shut: all that the token proves; the rest when it opens.

Real key processes over a real token; the ledger posts each record exactly once, whatever was asked again.
"""

import os
import shutil
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from cloud.keys.client import KeyClient
from cloud.ledger.checks.verify import verify
from cloud.ledger.ledger import Ledger, Rejudged, open_ledger
from cloud.ledger.records.judge import Reason, Verdict
from cloud.ledger.records.values import Now
from provisioning.custody.files import open_level, unlock_of
from provisioning.issue.campus_facts import read_campus
from provisioning.keeper.token import move_into_token
from provisioning.keys.levels import card_keys, operator_key, terminal_key
from provisioning.keys.store import KeyKind, KeyStore, Level
from provisioning.plan import numbers
from shared.clocks.clock import date_time_bcd
from shared.inventory import CardRow, DeviceKind, DeviceRow, Inventory, PsamRow
from shared.keys.terminal_mac import mac_input, terminal_mac
from shared.purse.crypto import TYPE_CAPP_PURCHASE, encrypt_block, purchase_tac_input, tac
from shared.purse.tac import challenge_of, mac_of
from shared.records import (
    MAC_SIZE,
    WITNESS_SIZE,
    Cause,
    CounterKind,
    Flags,
    Kind,
    Proof,
    PurchaseRecord,
    Stored,
    VoidRecord,
    Witness,
    encode,
)
from tests.cloud.ledger import campus as c
from tests.patience import PATIENCE_S
from tests.provisioning.rotating import in_memory, put_back, small_campus, to_version_2
from tests.provisioning.running_keys import needs_softhsm, running

pytestmark = [pytest.mark.process, needs_softhsm]
FEN, POSTED, WAITS = 900, (Verdict.POSTED, Reason.NONE), (Verdict.QUARANTINED, Reason.KEY_UNKNOWN)
BOSS = numbers.operator(1, 1, 1)
PROVEN_VOID = (Verdict.SUSPENSE, Reason.VOID)
"""Its purchase decides."""


class Till(NamedTuple):
    """The campus's first terminal, its PSAM, and the school's keys as they were before any move."""

    data: Path
    school: KeyStore
    device: DeviceRow
    psam: PsamRow

    def sale(self, seq: int, card: CardRow) -> PurchaseRecord:
        """A purchase of one card, with its true TAC in its own cipher."""
        (keys,) = card_keys(self.school, card.key_version, [card.card[2:]])
        time = card.issued + 43_200
        asked = purchase_tac_input(FEN, TYPE_CAPP_PURCHASE, self.psam.psam, seq, date_time_bcd(time))
        made = c.purchase(seq, card.card, 1, FEN, card.opening_fen, chip=self.psam.psam, time=time)
        return made._replace(key_version=card.key_version, algorithm=card.algorithm, tac=tac(keys.tac, asked))

    def void(self, seq: int, of: PurchaseRecord) -> bytes:
        """A supervisor's card stands for it; signed under the body's own K_term."""
        flags = Flags(Proof.NONE, CounterKind.OFFLINE).to_int()
        made = VoidRecord(
            1, Kind.WITNESSED_VOID, flags, seq, of.ttn, of.card, of.counter, of.purse, of.amount_fen, of.time,
            Cause.OPERATOR, 1, 0, 1, 1, seq - of.seq, bytes(MAC_SIZE), Witness(BOSS, 1, bytes(MAC_SIZE)),
        )  # fmt: skip
        covered = self.stored(made)[: -MAC_SIZE - WITNESS_SIZE]
        said = mac_of(encrypt_block(operator_key(self.school, BOSS), challenge_of(covered)))
        made = made._replace(witness=Witness(BOSS, 1, said))
        before = self.stored(made)[:-MAC_SIZE]
        return before + terminal_mac(terminal_key(self.school, self.device.device), mac_input(before))

    def stored(self, record) -> bytes:
        return Stored(self.device.device, 1, self.psam.psam, encode(record)).to_bytes()


def _with_money(facts: Inventory) -> Inventory:
    """Cards of a batch begin with nothing, and what was never given cannot be spent."""
    return replace(facts, cards=tuple(replace(row, opening_fen=row.opening_fen or 2 * FEN) for row in facts.cards))


class Books:
    """A ledger of the campus, and the one box that sends to it."""

    def __init__(self, till: Till, path: Path) -> None:
        facts = _with_money(read_campus(till.data).inventory)
        self.till = till
        self.cards = {row.label: row for row in facts.cards}
        time = max(row.issued for row in facts.cards) + 50_000
        self.now = Now((946_684_800 + time) * 1000, time)
        self.ledger: Ledger = open_ledger(str(path))
        self.ledger.import_inventory(facts, self.now)
        row = next(row for row in facts.boxes if row.box == till.device.box)
        self.box = c.Box(self.ledger, row.box, row.partition)

    def receive(self, client: KeyClient, *records: bytes) -> None:
        self.ledger.receive([self.box.batch(*records)], client.check_tac, self.now)

    def again(self, client: KeyClient) -> None:
        """Everything that was ever sent comes once more."""
        for first, records in self.box.sent:
            batch = c.Received(self.box.box, self.box.partition, self.box.store, first, records)
            self.ledger.receive([batch], client.check_tac, self.now)

    def spent(self, label: str) -> int:
        row = self.cards[label]
        return row.opening_fen - c.purse(self.ledger, row.card)

    def given_back(self, label: str) -> int:
        return -c.balances(self.ledger).get(f"pending:{self.cards[label].card.hex()}", 0)

    def require_whole(self, client: KeyClient) -> None:
        assert not verify(self.ledger, client.check_tac).first_broken


@pytest.fixture(scope="module")
def made():
    with in_memory() as room:
        small_campus(room)
        yield room


@pytest.fixture
def till(made):
    with in_memory() as room:
        shutil.copytree(made / "d", room / "d")
        yield till_of(room / "d")


@pytest.fixture
def books_of(tmp_path):
    opened = []

    def make(till: Till) -> Books:
        opened.append(Books(till, tmp_path / "ledger.db"))
        return opened[-1]

    yield make
    for books in opened:
        books.ledger.close()


def till_of(data: Path) -> Till:
    facts = read_campus(data).inventory
    device = next(row for row in facts.devices if row.kind is DeviceKind.POS)
    psam = next(row for row in facts.psams if row.device == device.device)
    return Till(data, open_level(data, Level.SCHOOL), device, psam)


@contextmanager
def keys_of(data: Path, *, is_open: bool):
    """The key process over the token; shut: what opens the sealed store is in the officers' safe."""
    unlock, away = data / "keys/unlock", data / "away"
    if not is_open:
        unlock.rename(away)
    try:
        with running(data, "--keeper", "pkcs11") as keys, KeyClient(keys.path, timeout_s=PATIENCE_S) as client:
            assert keys.status()["store"] == ("open" if is_open else "closed")
            yield client
            assert keys.end() == 0
    finally:
        if not is_open:
            away.rename(unlock)


def test_a_token_alone_proves_purchases_and_voids(till, books_of) -> None:
    move_into_token(till.data, unlock_of(till.data), till.school, os.urandom)
    books = books_of(till)
    sale = till.sale(1, books.cards["0002"])
    void = till.void(2, sale)
    forged = void[:-1] + bytes([void[-1] ^ 1])
    with keys_of(till.data, is_open=False) as client:
        books.receive(client, till.stored(sale), till.void(2, sale))
        assert c.verdicts(books.ledger) == [POSTED, PROVEN_VOID]
        assert (books.spent("0002"), books.given_back("0002")) == (FEN, FEN)
        books.again(client)
        assert (books.spent("0002"), books.given_back("0002")) == (FEN, FEN)
        books.receive(client, forged)
        assert c.verdicts(books.ledger)[-1] == (Verdict.QUARANTINED, Reason.VOID_MAC)
        books.require_whole(client)


def test_a_token_of_before_without_link_lets_voids_wait_until_the_store_opens(till, books_of) -> None:
    link = tuple(key for key in till.school.keys if key.kind is KeyKind.LINK)
    without = KeyStore(till.school.level, till.school.campus, tuple(key for key in till.school.keys if key not in link))
    left = move_into_token(till.data, unlock_of(till.data), without, os.urandom).left
    put_back(till.data, KeyStore(left.level, left.campus, (*left.keys, *link)))
    books = books_of(till)
    sale = till.sale(1, books.cards["0002"])
    with keys_of(till.data, is_open=False) as client:
        books.receive(client, till.stored(sale), till.void(2, sale))
        assert c.verdicts(books.ledger) == [POSTED, WAITS]
        assert books.ledger.rejudge(client.check_tac, books.now) == Rejudged(1, 0)
        assert (books.spent("0002"), books.given_back("0002")) == (FEN, 0)
    with keys_of(till.data, is_open=True) as client:
        assert books.ledger.rejudge(client.check_tac, books.now).looked_at == 1
        assert books.ledger.rejudge(client.check_tac, books.now).looked_at == 0, "it waits no more"
        once(books, client, "0002", FEN)


def test_a_sm4_version_in_the_shut_store_waits_and_is_posted_once(till, books_of, tmp_path) -> None:
    to_version_2(till.data, tmp_path / "papers", "sm4-campus")
    both = till._replace(school=open_level(till.data, Level.SCHOOL))
    assert move_into_token(till.data, unlock_of(till.data), both.school, os.urandom).sm4 == (2,)
    books = books_of(both)
    old, new = both.sale(1, books.cards["0002"]), both.sale(2, books.cards["n1"])
    assert (old.algorithm, new.algorithm) == (0x00, 0xE4)
    with keys_of(till.data, is_open=False) as client:
        books.receive(client, both.stored(old), both.stored(new), both.void(3, new))
        assert c.verdicts(books.ledger)[:2] == [POSTED, WAITS]
        assert (books.spent("0002"), books.spent("n1"), books.given_back("n1")) == (FEN, 0, 0)
        assert books.ledger.rejudge(client.check_tac, books.now).posted == 0
    with keys_of(till.data, is_open=True) as client:
        assert books.ledger.rejudge(client.check_tac, books.now) == Rejudged(1, 1)
        once(books, client, "n1", FEN)
        assert books.spent("0002") == FEN


def once(books: Books, client: KeyClient, label: str, given_back: int) -> None:
    for _ in range(2):
        assert (books.spent(label), books.given_back(label)) == (FEN, given_back)
        assert books.ledger.rejudge(client.check_tac, books.now).posted == 0
        books.again(client)
    books.require_whole(client)
