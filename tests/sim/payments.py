"""Account payments 账户支付 and payments on line in a small world of their own: a real till, its flash, a real ledger,
and a network between them that loses, doubles, delays and turns round; the till's power may go at any moment. Some
holders show a code of their phone in the place of a card, others scan the code that the till shows; phones pay orders
of a stall, which captures, voids and refunds them.

Laws: an approved request is spent once (shown, or given back, also where a power cut has left an order); a reversed one
never; nothing is sold on unknown; a code is judged once; every call of a phone's or a stall's ends in one answer,
whatever was lost and repeated; nothing stays reserved; together the accounts lack what was shown and captured, less
what was refunded. All of it is drawn from one seed. `defects` plants one mistake for each law.
"""

import heapq
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

from cloud.ledger.funds.orders.calls import Call, Outcome
from cloud.ledger.funds.orders.paying import HOLD_MS, Wanted
from cloud.ledger.funds.orders.rows import OnlineState
from cloud.ledger.funds.orders.till import token_of
from cloud.ledger.funds.payments.cases import PaymentState
from cloud.ledger.ledger import Ledger
from cloud.ledger.records.values import Now
from cloud.online.answers import OnlineAnswers
from cloud.online.load import LoadAnswers, LoadCounts
from cloud.online.payment import PaymentAnswers, PaymentCounts
from cloud.payments.codes.door import CodeDoor
from cloud.payments.orders.door import OrderDoor
from edge.box.up.intake import RETURN_MS
from edge.link import messages as link
from edge.link.messages import Type
from edge.link.seal import Opened
from edge.terminal.station.tapping import Tapping
from edge.terminal.store.book import Row
from edge.terminal.store.untold import Place
from shared.online import code_in, parse_request
from shared.purse.cos.images import RamMemory
from shared.purse.crypto import diversify
from shared.purse.load_auth import LoadAuth, mac1_is_right
from shared.records import Kind, PaymentRecord, Stored, decode
from shared.wire.messages import OnlineRequest
from tests.cloud.ledger import campus as c
from tests.edge.terminal.conftest import DEVICE, PSAM_ID, Bench, School, SmallEdge
from tests.sim.small import book, make_ledger, pupil_card, require_verified
from tests.sim.world import Violation

FUNDS_FEN, CARDS, TAPS = 100_000, 3, 12
EPOCH = 1
LOST, DOUBLED, SLOW, NO_END = 0.15, 0.15, 0.25, 0.2
"""Shares of messages; NO_END: of those whose box says of no request when its terminal gives up."""
CUT, SILENT = 0.15, 0.1
"""Shares of taps in which the power goes, or the whole way up is away for a while."""
BY_CODE, STALE, ON_LINE = 0.35, 0.2, 0.8
"""Shares of taps: with a code in the place of the card, of those with one that was shown before, and behind which a
phone pays on line."""
BY_ORDER, SCANS, CALLS_OFF = 0.3, 0.8, 0.6
"""Shares of taps with a code on the till; of those, in which a phone scans it, and that the cashier calls off."""
STALL, MERCHANT = "stall", "一楼大伙"
ASKS_AGAIN = 4
"""A phone or a stall that has no answer asks again under its key, so often; then it asks what became of it."""


class _Edge(SmallEdge):
    """Passes questions on, and remembers what it holds."""

    def __init__(self, ask: Callable[[int, bytes, int], None]) -> None:
        super().__init__()
        self._ask = ask

    def _answer(self, opened: Opened) -> list[bytes]:
        asked = link.ONLINE_REQUEST.decode(opened.payload)
        self._ask(asked.request, asked.payload, asked.wait_ms)
        return []


class PaymentWorld:
    """One seed."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.random = Random(seed)
        self.school = School(seed)
        self.cards = [RamMemory(self.school.memory(number=n).load()) for n in range(1, CARDS + 1)]
        self.ledger = make_ledger(folder / f"{seed}.db", CARDS, funds_fen=FUNDS_FEN)
        self.answers = OnlineAnswers(
            LoadAnswers(self, self.ledger, LoadCounts()), PaymentAnswers(self, self.ledger, PaymentCounts())
        )  # type: ignore[arg-type]  # nobody loads here
        self.bench = Bench(self.school, edge=_Edge(self._asked))
        self.bench.counter.log = self._shown
        self.bench.connect()
        self.codes, self.phones = CodeDoor(self.ledger.opened, self.random.randbytes), _Phones(self)
        self._codes_shown: list[str] = []
        self._codes_seen: set[str] = set()
        self.told = 0
        self.shown: dict[int, int] = {}
        """Request → fen of every 成功."""
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._silent_until_s = 0.0
        self._sent: dict[tuple[int, int], int] = {}
        self._cut_at_s = float("inf")

    # --- the way up and down --------------------------------------------------------------------------------------

    def load_check(self, auth: LoadAuth) -> bool:
        """As the key process says it."""
        return mac1_is_right(diversify(self.school.loads, auth.card[2:]), auth)

    def load_mac2(self, auth: LoadAuth, time_s: int) -> bytes:
        """Nobody loads here."""
        raise AssertionError("nobody loads here")

    def now(self) -> Now:
        """The ledger's."""
        return Now(c.NOW.unix_ms + int(self.bench.mono_s * 1000), self.bench.now().rtc_s)

    def _at(self, at_s: float, act: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._events, (at_s, self._count, act))

    def _travels(self, act: Callable[[], None]) -> None:
        """It may be lost, come twice, or come when nobody waits any more."""
        rng, mono_s = self.random, self.bench.mono_s
        for _ in range(2 if rng.random() < DOUBLED else 1):
            if rng.random() >= LOST and mono_s >= self._silent_until_s:
                slow = rng.random() < SLOW
                self._at(mono_s + (rng.uniform(1.0, 9.0) if slow else rng.uniform(0.005, 0.3)), act)

    def _asked(self, number: int, payload: bytes, wait_ms: int) -> None:
        until_ms = 0 if self.random.random() < NO_END else self.now().unix_ms + wait_ms - RETURN_MS
        request = OnlineRequest(DEVICE, EPOCH, PSAM_ID, number, payload, until_ms)
        if wait_ms > RETURN_MS:
            self._travels(lambda: self._decide(request))

    def _decide(self, request: OnlineRequest) -> None:
        answer = self.answers.answer(c.BOX, request, self.now())
        if answer is not None:
            said = link.ONLINE_ANSWER.encode(link.Online(answer.request, answer.payload))
            self._travels(lambda: self._tell(said))

    def _tell(self, said: bytes) -> None:
        if self.bench.edge.epochs:
            self.bench.firmware.message(self.bench.edge.seal(Type.ONLINE_ANSWER, said), self.bench.now())

    def _records_leave(self) -> None:
        for (epoch, seq), wire in sorted(self.bench.edge.kept.items()):
            if (epoch, seq) not in self._sent:
                row = self._sent[epoch, seq] = len(self._sent) + 1
                stored = Stored(DEVICE, epoch, PSAM_ID, wire).to_bytes()
                self._at(self.bench.mono_s + self.random.uniform(0.0, 6.0), lambda r=row, s=stored: self._book(r, s))

    def _book(self, row: int, stored: bytes) -> None:
        book(self.ledger, row, stored, self.now())

    # --- the till -------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """A lunch, then everything comes in; then the laws."""
        try:
            for _ in range(TAPS):
                self._tap()
                if self.random.random() < ON_LINE:
                    self.phones.pay()
                self._pass(self.random.uniform(0.0, 4.0))
            self._pass(60.0)
            self.phones.settle()
            self._pass(HOLD_MS / 1000)
            self.ledger.expire_payments(self.now())
            self._require_laws()
        finally:
            self.ledger.close()

    def _tap(self) -> None:
        rng, bench = self.random, self.bench
        if rng.random() < SILENT:
            self._silent_until_s = bench.mono_s + rng.uniform(1.0, 8.0)
        cut_s = bench.mono_s + rng.uniform(0.0, 3.5) if rng.random() < CUT else float("inf")
        fen = rng.randint(1, 3_000)
        if rng.random() < BY_ORDER:
            self._order(fen, cut_s)
            return
        if rng.random() < BY_CODE:
            tapping = Tapping(bench.firmware.pay_by_code(fen, self._code(), bench.now()), bench.counter, None)
        else:
            card = self.school.card(rng.choice(self.cards))
            tapping = Tapping(bench.firmware.pay(fen, bench.now()), bench.counter, card)
        while not tapping.run():
            while not bench.firmware.is_answered:
                self._step(min(bench.firmware.due_s(), cut_s))
                if bench.mono_s >= cut_s:
                    self._cut()
                    return

    def _order(self, fen: int, cut_s: float) -> None:
        """On the glass, until it is paid, over, called off, or dark."""
        rng, bench = self.random, self.bench
        off_s = bench.mono_s + rng.uniform(0.5, 9.0) if rng.random() < CALLS_OFF else float("inf")
        cut_s = cut_s + rng.uniform(0.0, 6.0)
        tapping = Tapping(bench.firmware.order(fen, bench.now()), bench.counter, None)
        while not tapping.run():
            self._scanned(fen)
            while not bench.firmware.is_answered:
                self._step(min(bench.firmware.due_s(), cut_s, off_s))
                if bench.mono_s >= cut_s:
                    self._cut()
                    return
                if bench.mono_s >= off_s:
                    off_s = float("inf")
                    bench.firmware.call_off(bench.now())

    def _scanned(self, fen: int) -> None:
        """A phone has seen what has just come onto the glass; its holder takes his time."""
        code = self.bench.displays[-1].code if self.bench.displays else ""
        if code and code not in self._codes_seen:
            self._codes_seen.add(code)
            if self.random.random() < SCANS:
                self._at(self.bench.mono_s + self.random.uniform(0.2, 8.0), lambda: self.phones.scan(code, fen))

    def _told(self) -> None:
        """An order of before a power cut is paid, and told outside of a tap."""
        for row in self.bench.firmware.take_paid():
            self._shown(row)
            self.told += 1

    def _code(self) -> str:
        """Off somebody's phone; or one that was shown before, by mistake or to cheat."""
        if self._codes_shown and self.random.random() < STALE:
            return self.random.choice(self._codes_shown)
        code = self.codes.new(pupil_card(self.random.randint(1, CARDS)), self.now()).code
        self._codes_shown.append(code)
        return code

    def _cut(self) -> None:
        """The power goes, and comes again; the tap is gone."""
        self.bench.port.crash(lambda size: self.random.randint(0, size))
        self.bench.power_on()
        self.bench.counter.log = self._shown
        self.bench.connect()
        self._told()

    def _pass(self, seconds: float) -> None:
        until_s = self.bench.mono_s + seconds
        while self.bench.mono_s < until_s:
            self._step(min(self.bench.firmware.due_s(), until_s))

    def _step(self, at_s: float) -> None:
        bench, events = self.bench, self._events
        at_s = min(at_s, events[0][0]) if events else at_s
        bench.mono_s = max(bench.mono_s, at_s)
        while events and events[0][0] <= bench.mono_s:
            heapq.heappop(events)[2]()
        bench.firmware.tick(bench.now())
        bench.exchange()
        self._told()
        self._records_leave()

    # --- the laws -------------------------------------------------------------------------------------------------

    def _shown(self, row: Row) -> None:
        """成功 is about to be shown: the ledger has the money, and nobody has been given it back."""
        record = self.bench.written()[row.epoch, row.seq]
        if not isinstance(record, PaymentRecord):
            raise Violation("payments", f"shows {row}, which is no account payment")
        if self._states().get(record.request) != PaymentState.APPROVED:
            raise Violation("payments: nothing is sold on unknown", f"request {record.request} is shown as paid")
        if record.request in self.shown:
            raise Violation("payments: spent once", f"request {record.request} is shown twice")
        self.shown[record.request] = record.amount_fen
        self.bench.told = Place(row.epoch, row.seq)

    def _states(self) -> dict[int, int]:
        with self.ledger.database.reading():
            rows = self.ledger.database.run("SELECT key, state FROM payment_case")
        return {int.from_bytes(key[8:], "big"): state for key, state in rows}

    def _require_laws(self) -> None:
        states = self._states()
        self.states = [*states.values()]
        spent_fen = FUNDS_FEN * CARDS - _online_fen(self.ledger) - self.phones.spent_fen()
        records = [decode(wire) for wire in self.bench.edge.kept.values()]
        back = {one.request for one in records if isinstance(one, PaymentRecord) and one.kind == Kind.REVERSAL}
        paid = {number for number, state in states.items() if state == PaymentState.APPROVED}
        if back & self.shown.keys():
            raise Violation("payments: a reversed one never", f"requests {back & self.shown.keys()} were shown")
        if back & paid:
            raise Violation("payments: a reversed one never", f"requests {back & paid} are paid")
        if paid != self.shown.keys() or spent_fen != sum(self.shown.values()):
            raise Violation("payments: spent once", f"paid {paid}, shown {set(self.shown)}, gone {spent_fen}")
        self._require_codes()
        self.phones.require()
        require_verified("payments", self.ledger)

    def _require_codes(self) -> None:
        """Of all requests that came with one code, one was judged by it."""
        with self.ledger.database.reading():
            rows = self.ledger.database.run("SELECT payload FROM payment_case WHERE result = 0")
        asked = [code_in(parse_request(payload)) for (payload,) in rows if payload]
        again = [code for code, times in Counter(code for code in asked if code).items() if times > 1]
        if again:
            raise Violation("payments: a code is judged once", f"{again} have paid twice")


class _Phones:
    """Wallets that pay a stall's orders, and the stall: each call is lost on the way or its answer is, and asked again.

    What was heard is what the phone or the stall believes: a second answer may not be another one.
    """

    def __init__(self, world: PaymentWorld) -> None:
        self._world, self._random = world, world.random
        self._door = OrderDoor(world.ledger.opened, world.random.randbytes)
        self._heard: dict[Call, Outcome] = {}
        self._unheard: dict[Call, Callable[[], Outcome]] = {}
        self._count = 0

    def pay(self) -> None:
        """One order, paid or not; then the stall does with it what it likes."""
        rng, fen = self._random, self._random.randint(1, 3_000)
        wanted = Wanted(MERCHANT, rng.choice((0, fen)), rng.random() < 0.7, rng.random() < 0.5, 60_000)
        token = self._door.make(self._call(STALL), wanted, self._world.now()).token
        card, call = pupil_card(rng.randint(1, CARDS)), self._call("phone")
        hold_ms = rng.choice((2_000, HOLD_MS))
        self._ask(call, lambda: self._door.pay(call, token, card, fen, self._world.now(), hold_ms))
        paid = self._heard.get(call)
        if paid is not None and paid.payment:
            for _ in range(rng.randint(0, 3)):
                self._stall(paid.payment, fen)

    def scan(self, code: str, fen: int) -> None:
        """What a till shows."""
        card, call = pupil_card(self._random.randint(1, CARDS)), self._call("phone")
        self._ask(call, lambda: self._door.pay(call, token_of(code), card, fen, self._world.now()))

    def _stall(self, payment: int, fen: int) -> None:
        call, part = self._call(STALL), self._random.randint(1, fen)
        match self._random.randrange(4):
            case 0:
                self._ask(call, lambda: self._door.void(call, payment, self._world.now()))
            case 1:
                self._ask(call, lambda: self._door.capture(call, payment, part, self._world.now()))
            case _:
                self._ask(call, lambda: self._door.refund(call, payment, part, "退", self._world.now()))

    def _call(self, caller: str) -> Call:
        self._count += 1
        return Call(caller, f"k{self._count}")

    def _ask(self, call: Call, act: Callable[[], Outcome]) -> None:
        """Until it is heard, or given up for now."""
        for _ in range(ASKS_AGAIN):
            came, heard = self._random.random() >= LOST, self._random.random() >= 2 * LOST
            outcome = act() if came else None
            if outcome is not None and self._random.random() < DOUBLED:
                act()
            if outcome is not None and heard:
                self._hears(call, outcome)
                return
        self._unheard[call] = act

    def settle(self) -> None:
        """Whoever has not heard asks what became of it: what never came never will, and a late one says so."""
        for call, act in self._unheard.items():
            said = self._door.abandon(call, self._world.now())
            self._hears(call, said)
            self._hears(call, act())

    def _hears(self, call: Call, outcome: Outcome) -> None:
        first = self._heard.setdefault(call, outcome)
        if first._replace(again=False) != outcome._replace(again=False):
            raise Violation("payments: a call ends in one answer", f"{call}: {first}, then {outcome}")

    def spent_fen(self) -> int:
        """Captured, less what was refunded."""
        return sum(row[0] for row in self._rows("SELECT captured_fen - refunded_fen FROM online_payment"))

    def require(self) -> None:
        """Nothing stays reserved, and the rows are what was heard."""
        states = self._rows("SELECT id, state FROM online_payment")
        if held := [number for number, state in states if state == OnlineState.AUTHORISED]:
            raise Violation("payments: nothing stays reserved", f"payments {held} are authorised for ever")
        refunds: Counter[int] = Counter()
        for number, fen in self._rows("SELECT payment, fen FROM online_refund"):
            refunds[number] += fen
        for number, captured_fen in self._rows("SELECT id, captured_fen FROM online_payment"):
            if refunds[number] > captured_fen:
                raise Violation("payments: no more back than captured", f"payment {number}: {refunds[number]} back")
        due = sum(fen for code, fen in c.balances(self._world.ledger).items() if code == f"merchant:{MERCHANT}")
        expected = self.spent_fen() + sum(self._world.shown.values())
        if -due != expected:
            raise Violation("payments: the merchant has it once", f"has {-due}, was sold {expected}")

    def _rows(self, sql: str) -> list[tuple[int, ...]]:
        with self._world.ledger.database.reading():
            return [tuple(row) for row in self._world.ledger.database.run(sql)]


def _online_fen(ledger: Ledger) -> int:
    return -sum(fen for code, fen in c.balances(ledger).items() if code.startswith("online:"))
