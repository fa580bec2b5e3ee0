"""No interleaving of authorise, capture, void, refund, time-out, codes at tills, reversals, repeats and lost answers
breaks the books: drawn at random, on both databases. An answer that is lost is one that nobody looks at."""

import secrets
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cloud.ledger.checks.verify import verify
from cloud.ledger.funds.orders.calls import Call, KeyReused, Outcome, PayRefused, PayResult
from cloud.ledger.funds.orders.paying import HOLD_MS, Wanted
from cloud.ledger.funds.orders.rows import OnlineState
from cloud.ledger.funds.payments.cases import PaymentState
from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.ledger import Ledger
from cloud.ledger.records.values import Now
from cloud.payments.codes.door import CodeDoor
from cloud.payments.orders.door import OrderDoor
from shared.online import code_means, code_request
from shared.records import Kind
from shared.wire.messages import OnlineRequest
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.conftest import BOTH

FUNDS, MERCHANT = 3_000, "一楼大伙"
CARD, STALL, WALLET = c.card(1), "stall", "wallet"
EXAMPLES, STEPS = 6, 30
KEYS = st.one_of(st.sampled_from("ab"), st.integers(0, 10**6).map(str))
"""Some of a former call; with few keys in all, what comes late is a conflict and nothing else."""
SUMS = st.sampled_from((1, 600, 700, 1_000))
NUMBER, PAYMENT = st.integers(1, 4), st.integers(1, 2)
STEP = st.one_of(
    st.tuples(st.just("pay"), KEYS, NUMBER, SUMS),
    st.tuples(st.just("pay"), KEYS, NUMBER, SUMS),
    st.tuples(st.just("capture"), KEYS, PAYMENT, SUMS),
    st.tuples(st.just("void"), KEYS, PAYMENT),
    st.tuples(st.just("refund"), KEYS, PAYMENT, SUMS),
    st.tuples(st.just("refund"), KEYS, PAYMENT, SUMS),
    st.tuples(st.just("abandon"), KEYS),
    st.tuples(st.just("passes"), st.sampled_from((1_000, HOLD_MS // 2, HOLD_MS))),
    st.tuples(st.just("sweep")),
    st.tuples(st.just("code"), NUMBER, SUMS),
    st.tuples(st.just("says"), NUMBER, st.sampled_from((Kind.ONLINE, Kind.REVERSAL))),
)
Step = tuple[Any, ...]


class World:
    """One ledger, four orders, four codes, and what every call has come to."""

    def __init__(self, dsn: str) -> None:
        self.opened = open_prepared(dsn)
        self.ledger, self.ms = Ledger(self.opened), 0
        self.orders, codes = OrderDoor(self.opened, secrets.token_bytes), CodeDoor(self.opened, secrets.token_bytes)
        self.box, self.seq = c.Box(self.ledger), 0
        self.ledger.deposit(CARD, FUNDS, "k", c.NOW)
        made = [Wanted(MERCHANT, 0, single, captures, 10**9) for single, captures in _FORMS]
        self.tokens = [self.orders.make(Call(STALL, f"o{n}"), one, c.NOW).token for n, one in enumerate(made)]
        self.codes = {n: codes.new(c.card(1 if n < 4 else 2), c.NOW).code for n in range(1, 5)}
        self.asked: dict[int, int] = {}
        self.said: dict[Step, Outcome] = {}

    @property
    def now(self) -> Now:
        return Now(c.NOW.unix_ms + self.ms, c.NOW.campus_s + self.ms // 1000)

    def do(self, step: Step) -> None:
        """And look whether the books stand."""
        getattr(self, step[0])(*step[1:])
        self.require()

    def pay(self, key: str, number: int, fen: int) -> None:
        token = self.tokens[number - 1]
        self._call(("pay", key, number, fen), lambda: self.orders.pay(Call(WALLET, key), token, CARD, fen, self.now))

    def capture(self, key: str, payment: int, fen: int) -> None:
        said = ("capture", key, payment, fen)
        done = self._call(said, lambda: self.orders.capture(Call(STALL, key), payment, fen, self.now))
        if done is not None and done.result is PayResult.DONE and not done.again:
            ends = dict(c.rows(self.ledger, "SELECT id, expires_ms FROM online_payment"))
            assert self.now.unix_ms < ends[payment], "no capture wins against its time"

    def void(self, key: str, payment: int) -> None:
        self._call(("void", key, payment), lambda: self.orders.void(Call(STALL, key), payment, self.now))

    def refund(self, key: str, payment: int, fen: int) -> None:
        said = ("refund", key, payment, fen)
        self._call(said, lambda: self.orders.refund(Call(STALL, key), payment, fen, "退", self.now))

    def abandon(self, key: str) -> None:
        before = self.orders.outcome(Call(WALLET, key))
        outcome = self.orders.abandon(Call(WALLET, key), self.now)
        assert before is None or outcome == before._replace(again=True)

    def passes(self, ms: int) -> None:
        self.ms += ms

    def sweep(self) -> None:
        self.ledger.expire_payments(self.now)

    def code(self, request: int, fen: int) -> None:
        """A till asks, or repeats what it asked: the same bytes."""
        fen = self.asked.setdefault(request, fen)
        code = self.codes[request]
        asked = OnlineRequest(c.POS, 1, c.psam(c.POS[-1]), request, code_request(code, fen).to_bytes())
        self.ledger.payment_by_code(c.BOX, asked, code, fen, self.now)

    def says(self, request: int, kind: Kind) -> None:
        """The till's one record of a request, sent again whenever it likes."""
        if (fen := self.asked.get(request)) is None:
            return
        kind = self.__dict__.setdefault("ends", {}).setdefault(request, kind)
        raw = c.payment(request, request, kind, fen, of=code_means(self.codes[request]))
        self.box.send(raw)

    def _call(self, said: Step, act: Callable[[], Outcome]) -> Outcome | None:
        try:
            outcome = act()
        except (KeyReused, PayRefused):
            return None
        first = self.said.setdefault(said, outcome)
        assert first.result == outcome.result, "a repeat hears the same"
        return outcome

    def require(self) -> None:
        """What is true at every commit."""
        there = {code: -fen for code, fen in c.balances(self.ledger).items()}
        mine, held = there.get(f"online:{CARD.hex()}", 0), there.get("reserved", 0)
        assert mine >= 0
        assert held >= 0
        assert mine + held + there.get(f"merchant:{MERCHANT}", 0) == FUNDS
        above = "SELECT id FROM online_payment WHERE refunded_fen > captured_fen OR captured_fen > amount_fen"
        assert c.rows(self.ledger, above) == []

    def end(self) -> None:
        """Nothing is reserved for ever, and all of it is as verify says."""
        self.ms += 10 * HOLD_MS
        while self.ledger.expire_payments(self.now):
            pass
        self.require()
        assert -c.balances(self.ledger).get("reserved", 0) == 0
        states = c.rows(self.ledger, "SELECT COUNT(*) FROM online_payment WHERE state = 1")
        assert states == [(0,)], OnlineState.AUTHORISED
        twice = "SELECT case_key FROM pay_code WHERE case_key IS NOT NULL GROUP BY case_key HAVING COUNT(*) > 1"
        assert c.rows(self.ledger, twice) == []
        states = {state for (state,) in c.rows(self.ledger, "SELECT state FROM payment_case")}
        assert PaymentState.HELD not in states, "of one record nothing is contradicted"
        report = verify(self.ledger, c.check_tac)
        assert report.ok, report.first_broken


_FORMS = ((True, False), (True, True), (False, False), (False, True))


@pytest.mark.parametrize("where", BOTH)
def test_books_stand_in_whatever_order_it_comes(request: pytest.FixtureRequest, where: str, whole: bool) -> None:
    fresh = _fresh(request, where)

    @settings(
        max_examples=EXAMPLES * (20 if whole else 1), deadline=None, suppress_health_check=list(HealthCheck),
        derandomize=True, database=None,
    )
    @example([("pay", "a", 2, 1_000), ("refund", "b", 1, 700), ("refund", "c", 1, 700)])
    @example([("pay", "a", 1, 1_000), ("passes", HOLD_MS), ("capture", "b", 1, 1_000)])
    @given(st.lists(STEP, min_size=STEPS // 2, max_size=STEPS))
    def play(steps: list[Step]) -> None:
        with TemporaryDirectory() as folder:
            world = World(fresh(Path(folder)))
            with closing(world.opened):
                for step in steps:
                    world.do(step)
                world.end()

    play()


def _fresh(request: pytest.FixtureRequest, where: str) -> Callable[[Path], str]:
    """A ledger as at the beginning, made for each example."""
    if where == "sqlite":
        made: Path = request.getfixturevalue("campus_file")
        return lambda folder: str(shutil.copy(made, folder / "ledger.db"))
    shared = request.getfixturevalue("shared_campus")

    def right(_: Path) -> str:
        shared.put_right()
        return str(shared.dsn)

    return right
