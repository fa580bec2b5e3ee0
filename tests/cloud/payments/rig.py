"""A ledger, providers that misbehave, and the deposits between them, without a socket: time is what a test says."""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from cloud.emulators.providers.alipay import AlipayEmulator
from cloud.emulators.providers.bank import BankEmulator
from cloud.emulators.providers.keys import EmulatorKeys, make_pem, private_of, public_of
from cloud.emulators.providers.mood import Mood
from cloud.emulators.providers.trades import Trades, day_of
from cloud.emulators.providers.wechat import SECRET, WeChatEmulator
from cloud.ledger.books.chart import REFUNDING, UNCLEAR, fee_account, provider_account
from cloud.ledger.funds.providers.terms import RefundState
from cloud.ledger.held.deposits.refunds import RefundLedger
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.records.values import Now
from cloud.payments.deposits.life import Deposits
from cloud.payments.providers.alipay import Alipay
from cloud.payments.providers.doors.bank import BankDoor
from cloud.payments.providers.interface import (
    Adapter,
    Answer,
    Back,
    BackSeen,
    Bill,
    Door,
    Headers,
    KeyEnd,
    Moment,
    ProviderFault,
    Refusal,
    Request,
    Seen,
    Settlement,
    Wanted,
)
from cloud.payments.providers.keys import PlatformKeys, read_own, read_platform
from cloud.payments.providers.wechat import Inside, WeChat
from cloud.store.db import MEMORY, SqliteDatabase

START_S = 1_795_750_000
"""2026-11-27 of China, in the forenoon."""
UNIX_OF_CAMPUS = 946_656_000
"""Of 2000-01-01 00:00 in China."""
MCHID, APPID, SELLER = "1900000109", "wx0000000000000001", "2088000000000000"
APIV3 = hashlib.sha256(b"apiv3").digest()


@lru_cache
def pems(name: str) -> tuple[bytes, bytes]:
    """One pair for a whole run: making one takes a tenth of a second."""
    return make_pem()


def platform(until_s: int) -> PlatformKeys:
    """The old key, which counts until then, and the new one."""
    return PlatformKeys([read_platform("OLD", pems("old")[1], until_s), read_platform("PUB_KEY_ID_2", pems("new")[1])])


def emulator_keys() -> EmulatorKeys:
    signers = {"OLD": private_of(pems("old")[0]), "PUB_KEY_ID_2": private_of(pems("new")[0])}
    return EmulatorKeys(public_of(pems("own")[1]), signers, APIV3)


class CoreDoor:
    """An adapter and an emulated provider, without a wire between them. before: called before each request."""

    reverses = False

    def __init__(self, adapter: Adapter, emulator: Any, rig: "Rig") -> None:
        self._adapter, self._emulator, self._rig = adapter, emulator, rig
        self.name = adapter.name

    def opener(self, code: str) -> str:
        return self._adapter.opened(self._sent(self._adapter.opener(code, self._now())))

    def make(self, wanted: Wanted) -> str:
        request = self._adapter.make(wanted, self._now())
        if request.method == "GET":
            return f"https://provider.example{request.path}"
        return self._adapter.made(wanted, self._sent(request), self._now())

    def query(self, number: str) -> Seen:
        return self._adapter.queried(number, self._sent(self._adapter.query(number, self._now())), self._now())

    def close(self, number: str) -> None:
        self._adapter.closed(number, self._sent(self._adapter.close(number, self._now())), self._now())

    def refund(self, back: Back) -> Refusal | None:
        request = self._adapter.refund(back, self._now())
        return self._adapter.refund_taken(back.refund, self._sent(request), self._now())

    def refunded(self, number: str, refund: str) -> BackSeen:
        request = self._adapter.refund_query(number, refund, self._now())
        return self._adapter.refund_queried(refund, self._sent(request), self._now())

    def key_ends(self) -> list[KeyEnd]:
        return self._adapter.key_ends(self._now())

    def woken(self, headers: Headers, body: bytes) -> str:
        return self._adapter.woken(headers, body, self._now())

    def bill(self, day: str) -> Bill:
        request, promised = self._adapter.bill_place(self._sent(self._adapter.bill(day, self._now())), self._now())
        return self._adapter.bill_read(self._sent(request), promised, day)

    def settlement(self, day: str) -> Settlement:
        asked = self._sent(self._adapter.settlement(day, self._now()))
        request, promised = self._adapter.bill_place(asked, self._now())
        return self._adapter.settlement_read(self._sent(request), promised, day)

    def _now(self) -> Moment:
        return Moment(self._rig.now_s, "0" * 32)

    def _sent(self, request: Request) -> Answer:
        self._rig.reach(f"before {request.method}")
        headers = {name.lower(): value for name, value in request.headers.items()}
        path = request.path.removeprefix("https://provider.example")
        said = self._emulator.handle(request.method, path, headers, request.body, self._rig.now_s)
        self._rig.reach(f"after {request.method}")
        return Answer(said[0], {name.lower(): value for name, value in said[1].items()}, said[2])


@dataclass
class Rig:
    """now_s: unix. crash_at: dies at so many'th point of the run, counted from 1; points: how many it has passed;
    begun: of them before what a test is about."""

    opened: OpenedLedger
    provider: str
    mood: Mood
    folder: Path
    now_s: int = START_S
    crash_at: int = 0
    points: int = 0
    begun: int = 0
    trades: Trades = field(init=False)
    deposits: Deposits = field(init=False)
    emulator: Any = field(init=False)
    bank: BankEmulator | None = None

    def __post_init__(self) -> None:
        self.trades = Trades(self.mood)
        self.door: Door = self._door()
        self._bank_fen = self.balances()["bank"]
        self.born()

    def born(self) -> None:
        """A new process over the same books and the same provider; what the last one had not committed is gone."""
        if isinstance(self.opened.database, SqliteDatabase):  # on another one nobody dies
            self.opened.database.connection.rollback()
        self.opened = OpenedLedger(self.opened.database)
        self.deposits = Deposits(self.opened, {self.provider: self.door}, self.now)

    def now(self) -> Now:
        return Now(self.now_s * 1000, self.now_s - UNIX_OF_CAMPUS)

    @property
    def day(self) -> str:
        return day_of(self.now_s)

    def reach(self, what: str) -> None:
        self.points += 1
        if self.points == self.crash_at:
            raise Killed(what)

    def pass_time(self, seconds: int, step_s: int = 15) -> None:
        """Turns and callbacks, as they fall due. A kill ends the turn; the next one is another process'."""
        until_s = self.now_s + seconds
        while self.now_s < until_s:
            self.now_s = min(self.now_s + step_s, until_s)
            self._survived(self._callbacks)
            self._survived(self.deposits.turn)
            if self.bank is not None and isinstance(self.door, BankDoor):
                self.door.write_out(self.day)
                self.bank.serve(self.folder, self.day.replace("-", ""), self.now_s)

    def take_bill(self, day: str) -> None:
        """As often as it takes."""
        self._take(lambda: self.deposits.bill(self.provider, day, "测试"))

    def take_settlement(self, day: str) -> None:
        """As often as it takes."""
        self._take(lambda: self.deposits.settlement(self.provider, day, "测试"))

    def _take(self, act: Callable[[], object], tries: int = 60) -> None:
        for _ in range(tries):
            try:
                act()
            except ProviderFault:
                continue
            except Killed:
                self.born()
                continue
            return
        raise AssertionError("no bill")

    def refund(self, number: str, fen: int, maker: str = "王芳", checker: str = "李明") -> None:
        """Two persons want it."""
        ledger = RefundLedger(self.opened)
        made = ledger.propose(number, fen, maker, "家长申请", self.now())
        ledger.confirm(made.number, checker, self.now())

    def ask_for_those_of_a_person(self) -> None:
        """Refunds of which a liar told nothing for a day, when it tells the truth for once."""
        with self.opened.database.reading():
            rows = self.opened.database.run(
                "SELECT number FROM deposit_refund WHERE state = ?", (int(RefundState.PERSON),)
            )
        mood, self.trades.mood = self.trades.mood, Mood()
        for (number,) in rows:
            assert self.deposits.ask_again(number)
        self.deposits.turn()
        self.trades.mood = mood

    def refunds(self) -> dict[str, int]:
        """Order → how its newest refund stands."""
        with self.opened.database.reading():
            rows = self.opened.database.run("SELECT order_number, state FROM deposit_refund ORDER BY made_ms, number")
        return dict(rows)

    def billed(self, *days: str) -> tuple[dict[str, int], int]:
        """By the provider itself: fen by order, less what went back; and all of it."""
        if self.bank is not None:
            every = self.trades.all.values()
            paid = {one.number: one.paid_fen for one in every if one.txn}
            back = [(one, name, fen, 0) for one in every for name, (fen, _) in one.refunds.items()]
        else:
            found = [self.trades.of_day(day) for day in days]
            paid = {one.number: one.paid_fen for trades, _ in found for one in trades}
            back = [one for _, some in found for one in some]
        for one, _, fen, _ in back:
            paid[one.number] = paid.get(one.number, 0) - fen
        return paid, sum(paid.values())

    def balances(self) -> dict[str, int]:
        """Fen by account, as it grows for its kind."""
        db = self.opened.database
        with db.reading():
            rows = db.run(
                "SELECT a.code, a.side, p.debit = a.id, p.fen FROM posting p "
                "JOIN account a ON a.id IN (p.debit, p.credit)"
            )
        found: dict[str, int] = {}
        for code, side, is_debit, fen in rows:
            found[code] = found.get(code, 0) + fen * (1 if is_debit else -1) * side
        return found

    def provider_fen(self) -> int:
        return self.balances().get(provider_account(self.provider).code, 0)

    def brought_fen(self) -> int:
        """What the bank got more than it had."""
        return self.balances()["bank"] - self._bank_fen

    def fees_fen(self) -> int:
        return self.balances().get(fee_account(self.provider).code, 0)

    def refunding_fen(self) -> int:
        return self.balances().get(REFUNDING.code, 0)

    def unclear_fen(self) -> int:
        return self.balances().get(UNCLEAR.code, 0)

    def online_fen(self, card: bytes) -> int:
        return self.balances().get(f"online:{card.hex()}", 0)

    def facts(self) -> list[str]:
        db = self.opened.database
        with db.reading():
            return [code for (code,) in db.run("SELECT code FROM fact ORDER BY id")]

    def _callbacks(self) -> None:
        if self.bank is not None:
            return
        for one in self.trades.due(self.now_s):
            head, body = self.emulator.callback(one, self.now_s)
            self.deposits.wake(self.provider, {name.lower(): value for name, value in head.items()}, body)

    def _survived(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Killed:
            self.born()

    def _door(self) -> Door:
        own = read_own("MERCHANT", pems("own")[0])
        if self.provider == "wechat":
            self.emulator = WeChatEmulator(self.trades, emulator_keys(), MCHID, APPID)
            adapter: Adapter = WeChat(MCHID, APPID, own, platform(START_S + 7 * 86_400), APIV3, "https://campus/pay",
                                      Inside(SECRET, "https://provider.example"))
            return CoreDoor(adapter, self.emulator, self)
        if self.provider == "alipay":
            self.emulator = AlipayEmulator(self.trades, emulator_keys(), APPID, SELLER)
            adapter = Alipay(APPID, SELLER, own, platform(START_S + 7 * 86_400), "https://campus/pay")
            return CoreDoor(adapter, self.emulator, self)
        self.bank = BankEmulator(self.trades)
        return BankDoor(self.folder)


def in_memory(campus_file: Path) -> OpenedLedger:
    """The small campus, on no disk: what is asked here is asked thousands of times."""
    database = SqliteDatabase(MEMORY)
    with closing(sqlite3.connect(campus_file)) as source:
        source.backup(database.connection)
    return OpenedLedger(database)


class Killed(BaseException):
    """The process is gone at this point: no handler of ours sees it."""


@contextmanager
def crash_points(opened: OpenedLedger, rig: Rig) -> Iterator[None]:
    """Each commit is a point, too: before it, and after it."""
    commit = opened.database.commit

    def counted() -> None:
        rig.reach("before a commit")
        commit()
        rig.reach("after a commit")

    opened.database.commit = counted  # type: ignore[method-assign]  # the very line where a power cut matters
    try:
        yield
    finally:
        del opened.database.commit
