"""Two hundred movements of one account at once: whoever moves money, nobody goes below the floor, at any commit."""

import secrets
import threading
from contextlib import closing
from random import Random

from cloud.ledger.checks.verify import verify
from cloud.ledger.desk.bank import BankLedger
from cloud.ledger.funds.orders.calls import Call, Outcome, PayResult
from cloud.ledger.funds.orders.paying import Wanted
from cloud.ledger.journal.opened import OpenedLedger, open_prepared
from cloud.ledger.ledger import Ledger
from cloud.payments.codes.door import CodeDoor
from cloud.payments.orders.door import OrderDoor
from shared.online import code_request
from shared.wire.messages import OnlineRequest
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.test_floors import noting, standings

CARD, FLOOR, FUNDS = c.card(1), 20_00, 100_00
THREADS, EACH = 4, 50


def test_orders_codes_and_payments_at_once_leave_the_floor(
    campus_dsn: str, opened: OpenedLedger, ledger: Ledger
) -> None:
    ledger.deposit(CARD, FUNDS, "d", c.NOW)
    BankLedger(opened).set_floor(1, FLOOR, "王芳", "押金", c.NOW)
    wanted = Wanted("一楼大伙", 0, False, False, 10**9)
    token = OrderDoor(opened, secrets.token_bytes).make(Call("stall", "o"), wanted, c.NOW).token
    faults: list[BaseException] = []
    said: list[Outcome] = []
    gate = threading.Barrier(THREADS)

    def run(n: int) -> None:
        with closing(open_prepared(campus_dsn)) as mine:
            hand = _Hand(mine, token, Random(n), said)
            gate.wait()
            for i in range(EACH):
                hand.move(1000 * (n + 1) + i)

    workers = [threading.Thread(target=noting(faults, run), args=(n,)) for n in range(THREADS)]
    for one in workers:
        one.start()
    for one in workers:
        one.join(timeout=120)
    assert faults == []
    assert {PayResult.DONE, PayResult.NO_FUNDS} <= {one.result for one in said}
    assert min(standings(ledger)) >= FLOOR, "at every commit"
    report = verify(ledger, c.check_tac)
    assert report.ok, report.first_broken


class _Hand:
    """One process' worth of movements."""

    def __init__(self, opened: OpenedLedger, token: bytes, chance: Random, said: list[Outcome]) -> None:
        self._ledger, self._orders = Ledger(opened), OrderDoor(opened, secrets.token_bytes)
        self._codes, self._token, self._chance, self._said = CodeDoor(opened, secrets.token_bytes), token, chance, said

    def move(self, number: int) -> None:
        fen, key = self._chance.randint(1, 20_00), f"k{number}"
        match self._chance.randrange(6):
            case 0:
                self._ledger.deposit(CARD, fen, key, c.NOW)
            case 1:
                c.pay(self._ledger, number, fen)
            case 2:
                code = self._codes.new(CARD, c.NOW).code
                asked = OnlineRequest(c.POS, 1, c.psam(c.POS[-1]), number, code_request(code, fen).to_bytes())
                self._ledger.payment_by_code(c.BOX, asked, code, fen, c.NOW)
            case _:
                paid = self._orders.pay(Call("wallet", key), self._token, CARD, fen, c.NOW)
                self._said.append(paid)
                if paid.payment:
                    self._end(paid.payment, key, fen)

    def _end(self, payment: int, key: str, fen: int) -> None:
        """Captured in part and refunded, or void; or left to its time-out."""
        call = Call("stall", key)
        match self._chance.randrange(3):
            case 0:
                self._orders.capture(call, payment, max(1, fen // 2), c.NOW)
                self._orders.refund(Call("stall", key + "r"), payment, 1, "退", c.NOW)
            case 1:
                self._orders.void(call, payment, c.NOW)
