"""The split of an account 账户分割 in the small world of payments.py: a real till, its flash, cards that pay offline
and online, and a ledger that loads by rule and by order, over a network that loses, doubles and delays.

Laws: no account goes below its floor; nothing is loaded that rule and order do not say; what cards hold and what the
books say is the same to the fen, whatever was torn, lost or asked twice.
"""

from pathlib import Path

from cloud.ledger.desk.bank import BankLedger
from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.desk.split import SplitLedger
from cloud.ledger.loads.split.moving import Quota
from cloud.ledger.loads.split.orders import OrderRefused
from cloud.online.answers import OnlineAnswers
from cloud.online.load import LoadAnswers, LoadCounts
from cloud.online.payment import PaymentAnswers, PaymentCounts
from edge.terminal.station.tapping import Tapping
from edge.terminal.store.book import Row
from shared.keys.terminal_mac import terminal_mac
from shared.online import Purpose, parse_request
from shared.purse.cos.images import RamMemory, decode_card_image
from shared.purse.crypto import diversify
from shared.purse.load_auth import LoadAuth, authorise
from shared.purse.tac import TacChecker
from shared.wire.messages import OnlineRequest
from tests.cloud.ledger import campus as c
from tests.edge.terminal.conftest import TERMINAL_KEY
from tests.sim.payments import CARDS, FUNDS_FEN, PaymentWorld
from tests.sim.small import book, pupil_card, require_verified
from tests.sim.world import Violation

LEFT_FEN, FLOOR_FEN, QUOTA = 150_00, 50_00, Quota(20_00, 60_00, 90_00)
ISSUER = b"\x53\x03"
SELL, PAY, CLAIM = 0.4, 0.6, 0.9
"""Up to these shares a holder buys offline, buys online, claims; else he orders."""


class SplitWorld(PaymentWorld):
    """One seed."""

    def __init__(self, seed: int, folder: Path) -> None:
        super().__init__(seed, folder)
        self.cards = [RamMemory(self.school.memory(number=n, balance=0).load()) for n in range(1, CARDS + 1)]
        self.doors = SplitLedger(self.ledger.opened)
        desk = DeskLedger(self.ledger.opened)
        desk.cash_float(bytes(16), "李明", CARDS * FUNDS_FEN, c.NOW)
        for n in range(1, CARDS + 1):
            desk.cash_out(n.to_bytes(16, "big"), "李明", pupil_card(n), FUNDS_FEN - LEFT_FEN, c.NOW)
        BankLedger(self.ledger.opened).set_floor(1, FLOOR_FEN, "王芳", "押金", c.NOW)
        self.doors.set_of_class(1, QUOTA, "王芳", "", c.NOW)
        self.answers = OnlineAnswers(
            LoadAnswers(self, self.ledger, LoadCounts()), PaymentAnswers(self, self.ledger, PaymentCounts())
        )  # type: ignore[arg-type]  # it answers as the key process does
        self.checker = TacChecker(
            {(ISSUER, 1): self.school.tac}, terminals=lambda _, __, covered: terminal_mac(TERMINAL_KEY, covered)
        )
        self.ordered: dict[int, int] = {}
        """Card → what is ordered at most."""
        self.granted = 0

    def load_mac2(self, auth: LoadAuth, time_s: int) -> bytes:
        """As the key process says it."""
        mac2 = authorise(diversify(self.school.loads, auth.card[2:]), auth, time_s)
        assert mac2 is not None
        return mac2

    def _decide(self, request: OnlineRequest) -> None:
        """What is granted by itself is due, as the world counts it; and after it every account has its floor."""
        asked = parse_request(request.payload)
        before = self.answers.loads.counts.granted
        super()._decide(request)
        if asked.purpose is Purpose.AUTO and self.answers.loads.counts.granted > before:
            self.granted += 1
            number = int.from_bytes(asked.card[2:], "big")
            by_rule = QUOTA.target_fen - asked.balance_fen if asked.balance_fen < QUOTA.below_fen else 0
            if asked.amount_fen > max(by_rule, self.ordered.get(number, 0)):
                raise Violation("split: only what is due", f"{asked.amount_fen} fen onto {asked.balance_fen}")
            if self._today(number) > QUOTA.day_fen and not self.ordered.get(number):
                raise Violation("split: only what is due", f"{self._today(number)} fen on one day")
        self._require_floors()

    def _today(self, number: int) -> int:
        """Loaded by itself onto this card and not given back, as the books' cases say it."""
        with self.ledger.database.reading():
            rows = self.ledger.database.run(
                "SELECT payload, amount_fen FROM load_case WHERE card = ? AND debited = 1 AND state <> 4",
                (pupil_card(number),),
            )
        return sum(fen for payload, fen in rows if bytes(payload)[0] == Purpose.AUTO)

    def _require_floors(self) -> None:
        for code, fen in c.balances(self.ledger).items():
            if code.startswith("online:") and -fen < FLOOR_FEN:
                raise Violation("split: floors hold", f"{code}: {-fen} fen are left of {FLOOR_FEN}")

    def _book(self, row: int, stored: bytes) -> None:
        book(self.ledger, row, stored, self.now(), self.checker)

    def _tap(self) -> None:
        rng, which = self.random, self.random.random()
        number = rng.randint(1, CARDS)
        if which > CLAIM:
            self._order(number)
            return
        firmware, now = self.bench.firmware, self.bench.now()
        if which < SELL:
            tap = firmware.sell(rng.randint(1, 30_00), now)
        elif which < PAY:
            tap = firmware.pay(rng.randint(1, LEFT_FEN), now)
        else:
            tap = firmware.claim(now)
        self._present(Tapping(tap, self.bench.counter, self.school.card(self.cards[number - 1])))

    def _order(self, number: int) -> None:
        fen = self.random.choice((0, 5_00, 30_00))
        try:
            self.doors.order(f"w{len(self._events)}-{self.bench.mono_s}", f"{number:04d}", fen, "本人", self.now())
        except OrderRefused:
            return
        self.ordered[number] = max(fen, self.ordered.get(number, 0))

    def _present(self, tapping: Tapping) -> None:
        rng, bench = self.random, self.bench
        cut_s = bench.mono_s + rng.uniform(0.0, 3.5) if rng.random() < 0.15 else float("inf")
        while not tapping.run():
            while not bench.firmware.is_answered:
                self._step(min(bench.firmware.due_s(), cut_s))
                if bench.mono_s >= cut_s:
                    self._cut()
                    return

    def _shown(self, row: Row) -> None:
        """Any 成功: what is paid by an account is payments.py's affair."""

    def _require_laws(self) -> None:
        """Every card comes once more and proves its counter; then nothing is in doubt."""
        self._require_floors()
        self._silent_until_s = 0.0
        for _ in range(4):
            for memory in self.cards:
                self._present(Tapping(self.bench.firmware.claim(self.bench.now()), self.bench.counter,
                                      self.school.card(memory)))  # fmt: skip
                self._pass(90.0)
        books = c.balances(self.ledger)
        for number, memory in enumerate(self.cards, 1):
            card = pupil_card(number).hex()
            purse, under_way = -books.get(f"purse:{card}", 0), -books.get(f"transit:{card}", 0)
            holds = decode_card_image(memory.load()).balance_fen
            if holds not in (purse, purse + under_way):
                raise Violation("split: to the fen", f"{card}: holds {holds}, {purse} and {under_way} by the books")
        require_verified("split", self.ledger, self.checker)
