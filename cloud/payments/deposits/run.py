"""`cloud payments run`: the one process that speaks to providers. Egress only: it listens to nobody but /health.

`READY payments` when it works. It alone reads the providers' keys; callbacks reach it by DATA/cloud/wakes.db.
Bills of yesterday are fetched each day from BILL_HOUR of China's time on, until they are there.
"""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cloud.ledger.funds.providers.bills import bill_days
from cloud.ledger.funds.providers.orders import counts
from cloud.ledger.funds.providers.refunds import refund_counts
from cloud.ledger.funds.providers.settlements import settlement_days
from cloud.ledger.journal.opened import OpenedLedger, open_prepared
from cloud.ledger.records.values import Now
from cloud.payments.deposits.life import Deposits
from cloud.payments.deposits.settings import read_providers
from cloud.payments.deposits.wakes import Wakes
from cloud.payments.providers.doors.bank import BankDoor
from cloud.payments.providers.interface import Door, ProviderFault
from cloud.payments.providers.reading import china_day
from cloud.process.health import healthy
from cloud.process.life import report, say, stop_on_signals
from cloud.process.settings import FOLDER, CloudSettings
from shared.clocks.campus_clock import CHINA_OFFSET_S, CampusClock
from shared.clocks.clock import DAY_S, day_number, parse_time
from shared.support.watchdog import Duty, Errand, Watchdog
from shared.words.health import Health, page_of

TURN_S = 0.5
BILL_HOUR_S = 10 * 3600
"""WeChat makes yesterday's bill by ten, Alipay by nine."""
BILL_AGAIN_S = 900.0
"""Between two tries for a bill that is not there yet."""
KEYS_S = 3_600.0
"""How often it is looked whether a key is about to end."""
FILE_S = 60.0
"""How often what waits for the bank becomes a file."""


class Worker:
    """All work of a turn, in the ledger's one thread."""

    def __init__(self, dsn: str, folder: Path, clock: CampusClock) -> None:
        self._clock = clock
        self._opened: OpenedLedger = open_prepared(dsn)
        self._doors: dict[str, Door] = read_providers(folder)
        self._wakes = Wakes(folder)
        self.deposits = Deposits(self._opened, self._doors, self.now)
        self._bill_s = dict.fromkeys(self._doors, 0.0)
        self._file_s = self._keys_s = 0.0
        self.figures: dict[str, int] = {"providers": len(self._doors), "asked": 0, "posted": 0, "unanswered": 0,
                                        "wakes": 0, "forged": 0}  # fmt: skip

    def now(self) -> Now:
        """Both clocks."""
        unix_s = time.time()
        return Now(int(unix_s * 1000), self._clock.at(unix_s))

    def turn(self) -> None:
        """Callbacks, then what is due, then files and bills."""
        self._take_wakes()
        done = self.deposits.turn()
        self.figures["asked"] += done.asked
        self.figures["posted"] += done.posted
        self.figures["unanswered"] += done.unanswered
        self._write_files()
        self._fetch_bills()
        if time.monotonic() - self._keys_s >= KEYS_S or not self._keys_s:
            self._keys_s = time.monotonic()
            self.deposits.tell_keys()
        with self._opened.database.reading():
            self.figures.update(counts(self._opened.database) | refund_counts(self._opened.database))

    def close(self) -> None:
        """Let the books go."""
        self._opened.close()

    def _take_wakes(self) -> None:
        found = self._wakes.waiting()
        for one in found:
            is_genuine = self.deposits.wake(one.provider, one.headers, one.body)
            self.figures["wakes" if is_genuine else "forged"] += 1
        if found:
            self._wakes.done([one.number for one in found])

    def _write_files(self) -> None:
        if time.monotonic() - self._file_s < FILE_S and self._file_s:
            return
        self._file_s = time.monotonic()
        for door in self._doors.values():
            if isinstance(door, BankDoor):
                door.write_out(china_day(int(time.time())))

    def _fetch_bills(self) -> None:
        now_s = int(time.time())
        if now_s - _midnight(now_s) < BILL_HOUR_S:
            return
        day = china_day(_midnight(now_s) - 1)
        for name, at_s in self._bill_s.items():
            if time.monotonic() - at_s >= BILL_AGAIN_S or not at_s:
                self._bill_s[name] = time.monotonic()
                self._fetch_bill(name, day)

    def _fetch_bill(self, name: str, day: str) -> None:
        with self._opened.database.reading():
            number, db = day_number(parse_time(day)), self._opened.database
            has_bill, has_settlement = number in bill_days(db, name), number in settlement_days(db, name)
        try:
            if not has_bill:
                self.deposits.bill(name, day, "")
            if not has_settlement:
                self.deposits.settlement(name, day, "")
        except ProviderFault:
            self.figures["unanswered"] += 1


def _midnight(unix_s: int) -> int:
    """Of China's day."""
    return (unix_s + CHINA_OFFSET_S) // DAY_S * DAY_S - CHINA_OFFSET_S


def run(
    settings: CloudSettings, dsn: str, clock: CampusClock, health: int | Path | None, *, to_end: bool
) -> int:  # fmt: skip
    """Until told to end."""
    asyncio.run(_serve(settings, dsn, clock, health, to_end=to_end))
    return 0


async def _serve(
    settings: CloudSettings, dsn: str, clock: CampusClock, health: int | Path | None, *, to_end: bool
) -> None:  # fmt: skip
    stop, asked = asyncio.Event(), Errand()
    stop_on_signals(stop, end_with_stdin=to_end)
    loop, turns = asyncio.get_running_loop(), Duty()
    with ThreadPoolExecutor(1, thread_name_prefix="ledger") as thread:
        worker = await loop.run_in_executor(thread, Worker, dsn, settings.data / FOLDER, clock)
        async with healthy(health, lambda: Health(waits=(), page=page_of("payments", worker.figures))):
            say("READY payments")
            moved = {"loop": lambda: turns.turns, "ledger": asked.moved}
            with Watchdog("payments", lambda: {name: look() for name, look in moved.items()}) as watchdog:
                watchdog.ready()
                told = asyncio.create_task(report(stop, lambda: worker.figures, turns))
                while not stop.is_set():
                    await loop.run_in_executor(thread, _turned, worker, asked)
                    await _pause(stop)
                await told
        await loop.run_in_executor(thread, worker.close)


def _turned(worker: Worker, asked: Errand) -> None:
    with asked:
        worker.turn()


async def _pause(stop: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(stop.wait(), TURN_S)
    except TimeoutError:
        return
