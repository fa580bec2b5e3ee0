"""The ingest process put together: two broker sessions for each box, and one ledger thread around the lanes.

Who takes over one of its sessions ends nothing: it comes back, and tells.

Refuses to start beside another ingest on the same data folder, and to go on after a fault that it does not know: then
it ends with what was not acknowledged left to the broker and the boxes, and the launcher starts it again.
"""

import asyncio
import fcntl
import os
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from cloud.fleet.centre import Centre
from cloud.ingest.clerk import Clerk, OnBoxes
from cloud.ingest.collector import spare_what_stands
from cloud.ingest.lanes import Lanes
from cloud.ingest.mqtt import Endpoint, tls_context
from cloud.ingest.quotas.admission import Admission
from cloud.ingest.quotas.notices import Notices
from cloud.ingest.seal import AckSeal, load_ack_key
from cloud.ingest.sessions import Ears, Sessions
from cloud.ingest.tally import Tally
from cloud.ingest.thread import LedgerThread, Reports
from cloud.ingest.ticket import Arrival, Letter, Ticket
from cloud.keys.client import KeyClient
from cloud.ledger.ledger import open_ledger
from cloud.ledger.records.values import Now
from cloud.online.answers import OnlineAnswers
from cloud.online.load import LoadAnswers, LoadCounts
from cloud.online.payment import PaymentAnswers, PaymentCounts
from cloud.process.beats import WATCH_BEAT, beat_age_s
from cloud.process.health import healthy
from cloud.process.life import report, say, say_status, stop_on_signals
from cloud.process.settings import FOLDER, CloudSettings
from shared.clocks.campus_clock import CampusClock
from shared.clocks.expiry import DailyLook
from shared.errors import ConfigFault
from shared.ids import BoxId
from shared.input.login import Login
from shared.support.watchdog import Duty, Watchdog
from shared.wire.topics import UP_MONEY
from shared.words.health import Health, page_of, spread
from shared.words.voice import Text

CHORES_S = 1.0
COMMITS_MAX = 1024
"""Of the newest messages of *money*, from arrival until committed, for half and nearly all of them."""
LOOK_S = 0.2
"""So often it is looked whether another process has listed a card or made a document."""
SIGN_S = 0.5
"""Longest that the key process may take over a document, while *money* waits: then it is signed with a later look."""
END_S = 4.0
"""Longest wait for the ledger thread and the sessions to end in order; then the process ends without them."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line said."""

    settings: CloudSettings
    keys: Path
    host: str
    port: int
    tls: bool
    dsn: str
    clock: CampusClock
    end_with_stdin: bool
    login: Login | None = None
    health: int | Path | None = None


def run_ingest(options: Options) -> int:
    """Until told to stop: 0. ConfigFault when the settings forbid it, any other exception is a defect or a fault."""
    with _alone(options.settings.data / "cloud" / "ingest.lock"):
        return asyncio.run(Worker(options).run())


class Worker:
    """Lives on the loop; only `_deliver` and `_thread_ended` are asked for from the ledger thread."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._tally = Tally()
        self._loads = LoadCounts()
        self._payments = PaymentCounts()
        self._lanes = Lanes()
        self._notices = Notices()
        self._commits_s: deque[float] = deque(maxlen=COMMITS_MAX)
        self._per_s = 0
        self._admission = Admission(self._lanes, self._notices, time.monotonic)
        self._stop = asyncio.Event()
        self._ledger_open = asyncio.Event()
        self._thread_gone = asyncio.Event()
        self._fault: BaseException | None = None
        self._loop, self._watched = Duty(), ExitStack()
        self._turns: Callable[[], int] = int
        endpoint = Endpoint(options.host, options.port, self._tls(), options.login)
        notices = self._notices
        ears = Ears(self._take, self._lost, notices.taken, notices.slow, lambda fault: self._fail(fault, "a session"))
        self._sessions = Sessions(endpoint, options.settings.mqtt, ears)

    async def run(self) -> int:
        """Start, serve, end in order. Raises what ended it, when that was not a request."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._unexpected)
        stop_on_signals(self._stop, end_with_stdin=self._options.end_with_stdin)
        thread = self._ledger_thread(loop)
        self._turns = thread.turns
        thread.start()
        tasks = [loop.create_task(self._greet(), name="greet"), loop.create_task(self._chores(), name="chores")]
        tasks.append(loop.create_task(self._looks(), name="looks"))
        async with healthy(self._options.health, self._health):
            await report(self._stop, self._figures, self._loop)
        self._watched.close()
        await self._end(tasks)
        say_status(self._figures())
        if self._fault is not None:
            raise self._fault
        return 0

    # --- messages in, letters out -------------------------------------------------------------------------------

    async def _take(self, arrival: Arrival) -> None:
        """Returns when the message may be PUBACKed: after the commit, when it is refused, or its connection gone."""
        done, began_s = asyncio.Event(), time.monotonic()
        if self._admission.take(arrival, done.set):
            await done.wait()
            if arrival.topic.endswith(UP_MONEY):
                self._commits_s.append(time.monotonic() - began_s)

    def _deliver(self, letters: Sequence[Letter], tickets: Sequence[Ticket]) -> None:
        """The ack goes out before the PUBACK; a letter that finds no connection is made again when asked for."""
        for letter in letters:
            sent = self._sessions.publish(letter)
            self._tally.letters += sent
            self._tally.letters_unsent += not sent
        for ticket in tickets:
            ticket.done()

    def _lost(self, session: str, connection: int) -> None:
        for ticket in self._lanes.drop(session, connection):
            ticket.done()

    # --- beginning and end --------------------------------------------------------------------------------------

    def _tls(self) -> ssl.SSLContext | None:
        files = self._options.settings.tls
        return tls_context(files.ca, files.certificate, files.key) if self._options.tls else None

    def _ledger_thread(self, loop: asyncio.AbstractEventLoop) -> LedgerThread:
        def deliver(letters: Sequence[Letter], tickets: Sequence[Ticket]) -> None:
            loop.call_soon_threadsafe(self._deliver, letters, tickets)

        def on_end(fault: BaseException | None) -> None:
            loop.call_soon_threadsafe(self._thread_ended, fault)

        def on_open() -> None:
            loop.call_soon_threadsafe(self._ledger_open.set)

        def on_boxes(boxes: Mapping[BoxId, int]) -> None:
            loop.call_soon_threadsafe(self._sessions.follow, boxes)

        return LedgerThread(self._lanes, lambda: self._opened(on_boxes), Reports(on_open, deliver, on_end), self._tally)

    @contextmanager
    def _opened(self, on_boxes: OnBoxes) -> Iterator[Clerk]:
        """In the ledger thread: the ledger and the key client belong to it."""
        settings = self._options.settings
        seal = AckSeal(load_ack_key(settings.ack_key_file))
        with KeyClient(self._options.keys) as keys, KeyClient(self._options.keys, SIGN_S) as signer:
            ledger = open_ledger(self._options.dsn)
            spare_what_stands()
            try:
                ledger.started(self._clock())
                online = OnlineAnswers(
                    LoadAnswers(keys, ledger, self._loads), PaymentAnswers(keys, ledger, self._payments)
                )
                beat = settings.data / FOLDER / WATCH_BEAT
                centre = Centre(ledger.opened, signer, partial(beat_age_s, beat))
                clerk = Clerk(
                    ledger, keys.check_tac, online, seal, self._clock, self._tally, self._expiry(), on_boxes, centre
                )  # fmt: skip
                clerk.tell_boxes()
                yield clerk
            finally:
                ledger.close()

    def _expiry(self) -> DailyLook:
        """Of the console's certificate, and of ours where we show it."""
        settings, own = self._options.settings, self._options.settings.tls
        return DailyLook((settings.console_certificate, *((own.certificate,) if self._options.tls else ())))

    def _clock(self) -> Now:
        unix_s = time.time()
        return Now(int(unix_s * 1000), self._options.clock.at(unix_s))

    async def _greet(self) -> None:
        """Duties begin once the ledger is open: before, its schema may take its time to come up."""
        await self._ledger_open.wait()
        watchdog = self._watched.enter_context(Watchdog("ingest", self._moved))
        await self._sessions.all_up()
        say("READY ingest")
        watchdog.ready()

    def _moved(self) -> dict[str, int]:
        """How far each duty has come."""
        return {"loop": self._loop.turns, "ledger": self._turns()}

    def _thread_ended(self, fault: BaseException | None) -> None:
        self._thread_gone.set()
        if fault is not None:
            self._fail(fault, "ledger thread")

    def _unexpected(self, _: object, context: dict[str, Any]) -> None:
        """What a task of the client library left behind: a broken connection is its session's matter, no more."""
        fault = context.get("exception")
        if not isinstance(fault, OSError):
            self._fail(fault, context["message"])

    def _fail(self, fault: BaseException | None, what: str) -> None:
        self._fault = self._fault or fault or RuntimeError(what)
        self._stop.set()

    async def _chores(self) -> None:
        """The ledger's small duties; they wait until nothing else is to be done."""
        received = 0
        while True:
            await asyncio.sleep(CHORES_S)
            received, self._per_s = self._tally.received, self._tally.received - received
            self._lanes.keep_notices(self._notices.due(time.monotonic()))
            self._lanes.put_chores()

    async def _looks(self) -> None:
        """One cheap question each time."""
        while True:
            await asyncio.sleep(LOOK_S)
            self._lanes.put_look()

    async def _end(self, tasks: Sequence["asyncio.Task[None]"]) -> None:
        """The running transaction ends and its letters go; then the sessions; what is left was never PUBACKed."""
        self._lanes.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._thread_gone.wait(), END_S)
        await self._sessions.end(END_S)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _health(self) -> Health:
        """Ready: its books are open, and it hears every box."""
        waits = [] if self._ledger_open.is_set() else ["ledger"]
        waits += [] if self._sessions.are_up else ["broker"]
        figures = {name: value for name, value in self._figures().items() if isinstance(value, (int, float))}
        figures |= {"received_per_s": self._per_s, "refused": sum(self._notices.refused.values())}
        return Health(waits=tuple(waits), page=page_of("ingest", figures | spread("commit", self._commits_s)))

    def _figures(self) -> Mapping[str, object]:
        records, messages = self._lanes.waiting()
        return {
            **self._tally.figures(),
            "loads": asdict(self._loads),
            "payments": asdict(self._payments),
            "refused": dict(self._notices.refused),
            "slowed": dict(self._notices.slowed),
            "taken_over": self._notices.taken_over,
            "waiting_records": records,
            "waiting_now": messages,
            "connected": self._sessions.are_up,
            "connections_lost": self._sessions.losses,
            "cpu_s": round(time.process_time(), 3),
        }


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """One ingest per data folder: two would take each other's sessions over for ever, and tell so."""
    fd = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as fault:
            raise ConfigFault(Text("已有入账进程在用此数据目录", "another ingest uses this data folder")) from fault
        yield
    finally:
        os.close(fd)
