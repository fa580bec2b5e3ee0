"""I7: any order and repetition of deliveries gives the same books. A generated history, delivered in two ways."""

from dataclasses import dataclass, field
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud.ledger.checks.verify import verify
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.values import Received
from shared.records import Kind
from tests.cloud.ledger import campus as c
from tests.cloud.ledger import fresh


@dataclass
class History:
    """What three cards did at two windows and a load machine, records as they were written."""

    random: Random
    records: list[bytes] = field(default_factory=list)
    seqs: dict[bytes, int] = field(default_factory=dict)
    requests: list[tuple[bytes, int, int, int, int]] = field(default_factory=list)
    request: int = 0

    def next_seq(self, device: bytes) -> int:
        self.seqs[device] = self.seqs.get(device, 0) + 1
        return self.seqs[device]

    def run(self, steps: int) -> None:
        cards = {n: [c.OPENING, 0, 0] for n in (1, 2, 3)}
        for _ in range(steps):
            n = self.random.choice(list(cards))
            self.random.choice((self.buy, self.buy, self.tear, self.load))(c.card(n), cards[n])

    def buy(self, card: c.CardId, state: list[int]) -> None:
        fen, at = self.random.choice((100, 250, 300)), self.random.choice((c.POS, c.POS2))
        seq = self.next_seq(at)
        self.records.append(c.stored(c.purchase(seq, card, state[1], fen, state[0], at=at), at))
        state[0] -= fen
        state[1] += 1

    def tear(self, card: c.CardId, state: list[int]) -> None:
        """Debited or not; recovered, called not debited, or left grey."""
        fen, at = self.random.choice((100, 250)), self.random.choice((c.POS, c.POS2))
        seq, debited = self.next_seq(at), self.random.random() < 0.5
        grey = c.purchase(seq, card, state[1], fen, state[0], at=at, kind=Kind.UNPROVEN)
        self.records.append(c.stored(grey, at))
        if self.random.random() < 0.4:
            later = self.next_seq(at)
            kind = Kind.RECOVERED if debited else Kind.NOT_DEBITED
            ended = c.purchase(later, card, state[1], fen, state[0], at=at, ttn=seq, kind=kind, linked=later - seq)
            self.records.append(c.stored(ended, at))
        if debited:
            state[0] -= fen
            state[1] += 1

    def load(self, card: c.CardId, state: list[int]) -> None:
        fen = self.random.choice((500, 700))
        self.request += 1
        self.requests.append((card, state[2], fen, state[0], self.request))
        seq = self.next_seq(c.LOADER)
        self.records.append(c.stored(c.load(seq, card, state[2], fen, state[0], request=self.request)))
        state[0] += fen
        state[2] += 1


def books(history: History, deliveries: list[list[bytes]]) -> tuple[dict[str, int], list[str], int]:
    """Balances, open grey records, and how many were posted."""
    ledger = fresh.in_memory()
    for n in (1, 2, 3):
        ledger.deposit(c.card(n), 100_000, f"d{n}", c.NOW)
    ask(ledger, history)
    row = 1
    for records in deliveries:
        ledger.receive([Received(c.BOX, c.PARTITION, c.STORE, row, tuple(records))], c.check_tac, c.NOW)
        row += len(records)
    reader = Reader(ledger.database)
    report = verify(ledger, c.check_tac)
    assert report.first_broken == ""
    found = c.balances(ledger), sorted(case.record.stored.hex() for case in reader.suspense()), reader.overview().posted
    ledger.close()
    return found


def ask(ledger: Ledger, history: History) -> None:
    for card, counter, fen, balance, request in history.requests:
        online, load = c.load_request(c.CardId(card), counter, fen, balance, request=request)
        ledger.load_authorise(c.BOX, online, load, True, c.NOW)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32), st.integers(1, 25))
def test_order_and_repetition_change_nothing(seed: int, steps: int) -> None:
    random = Random(seed)
    history = History(random)
    history.run(steps)
    straight = books(history, [[raw] for raw in history.records])
    mixed = history.records + random.choices(history.records, k=len(history.records) // 2)
    random.shuffle(mixed)
    cuts = sorted(random.randrange(len(mixed) + 1) for _ in range(3))
    parts = [mixed[low:high] for low, high in zip([0, *cuts], [*cuts, len(mixed)], strict=True)]
    assert books(history, [part for part in parts if part]) == straight
