"""The wallet on its two processes: 2,000 phones, each with a TLS connection that it keeps, and payments by them.

A thousand phones of holders and a thousand of guardians; all look at home, and holders pay. They come from forty
addresses of loopback, as behind a school's few. The phones are this process and take a core themselves: what is printed
of the two processes is their own time. Beside a payment through HTTP stands the ledger's door in the same run.
"""

import asyncio
import json
import os
import secrets
import shutil
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from cloud.ledger.funds.orders.calls import Call
from cloud.ledger.funds.orders.paying import Wanted
from cloud.ledger.journal.opened import open_prepared
from cloud.payments.orders.door import OrderDoor
from cloud.process.settings import load_settings
from cloud.wallet.back.opening import open_people
from cloud.wallet.people.persons import add_person, bind_guardian
from cloud.wallet.people.roster import Holder, RosterGuardian, take_roster
from cloud.wallet.people.sessions import Way, open_session
from compose.campus.campus import Where, core_parts
from compose.parts.standing import Standing
from compose.servers.ports import free_port
from tests.bench.online import LIMIT_MS, PAY_FEN, RATE, SECONDS, now, paid, quantile, with_records
from tests.bench.row import Row, at_most
from tests.bench.scene import CARDS, Made, make, run, standing

PHONES, EACH = 2_000, 10
"""EACH: phones of one person."""
LOOKS, LOOK_S = 200.0, 15.0
"""Looks at home a second: each phone every ten seconds."""
WARM, WARM_S = 100.0, 20.0
"""Before: about as many looks as there are phones, which make their connections by them."""
ADDRESSES = 40
PATIENCE_S = 60.0
HELD_S, SETTLED_S, TOLD_MS, TOLD_RATE = 25, 8.0, 1_000, 20.0
"""A held call's own longest; until all are held; goal of what a phone hears behind the commit."""
BORN = f"{time.gmtime().tm_year - 16}-01-01"
"""Guardians see him without a word of his, and he needs none of theirs."""


@dataclass(frozen=True, slots=True)
class Phone:
    """holder: whom it looks at; is_own: he himself has it."""

    token: str
    holder: str
    is_own: bool


Asks = Callable[[Phone], tuple[str, dict[str, Any]]]


def rows() -> Iterator[Row]:
    """Looks first, then payments without and with records of tills."""
    folder = Path(tempfile.mkdtemp(prefix="ykt-b", dir="/tmp"))
    try:
        made = make(folder)
        (folder / "lite").mkdir()
        with standing(made, folder / "lite") as scene:
            run("cloud", "deposit", "--data", str(made.data), "--all", "--yuan", "100", "--key", "bench")
            phones = _people(made)
            with _wallet(made, scene.where, folder / "lite") as (port, processes):
                yield from asyncio.run(_looked(port, phones, processes))
                own = [one for one in phones if one.is_own]
                yield from asyncio.run(_told(made, port, own[::EACH // 2]))
                door = asyncio.run(with_records(made, scene, lambda: paid(made, "door")))
                found = asyncio.run(with_records(made, scene, lambda: _paid(made, port, own)))
        name = f"payment through HTTP, {RATE:g}/s, {found[1]} records of tills meanwhile"
        beside = "the ledger's door"
        yield Row(f"{name}, p50", quantile(found[0], 50), "ms", beside, quantile(door[0], 50))
        yield at_most(f"{name}, p99", quantile(found[0], 99), "ms", LIMIT_MS, beside, quantile(door[0], 99))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _people(made: Made) -> list[Phone]:
    """A holder for each card and a guardian of each, each with EACH phones."""
    at_ms = now().unix_ms
    with closing(open_people(made.data)) as people, people.writing():
        holders = [Holder(f"{n:04d}", f"P{n}", BORN, "C", f"{n:04d}") for n in range(1, CARDS + 1)]
        grants = [(one.number, f"139{one.number:0>8}") for one in holders]
        take_roster(people, holders, [RosterGuardian(number, phone, "G") for number, phone in grants])
        phones = []
        for number, phone in grants:
            own, other = add_person(people, "", f"P{number}", number, at_ms), add_person(people, phone, "G", "", at_ms)
            bind_guardian(people, other.id, number, at_ms)
            for person in (own, other):
                from_here = (person.id, "127.0.0.1", "bench", at_ms)
                tokens = [open_session(people, *from_here, way=Way.KNOWN) for _ in range(EACH)]
                phones += [Phone(token, number, person is own) for token in tokens]
        return phones


@contextmanager
def _wallet(made: Made, where: Where, folder: Path) -> Iterator[tuple[int, dict[str, int]]]:
    """The front's port, and both processes by name."""
    placed = replace(where, wallet_port=free_port(), accounts_port=free_port())
    parts = {part.name: part for part in core_parts(placed, ())}
    with ExitStack() as stack:
        stood = {name: stack.enter_context(Standing(parts[name], folder)) for name in ("accounts", "wallet")}
        yield placed.wallet_port, {name: one.pid for name, one in stood.items()}


async def _looked(port: int, phones: list[Phone], processes: dict[str, int]) -> list[Row]:
    lines = [Line(port, at, phone) for at, phone in enumerate(phones)]
    await _at_rate(WARM, WARM_S, lines, _home)
    used, began_s, made = _used(processes), time.monotonic(), sum(one.made for one in lines)
    took = await _at_rate(LOOKS, LOOK_S, lines, _home)
    for_s, after = time.monotonic() - began_s, _used(processes)
    made = sum(one.made for one in lines) - made
    name = f"wallet, {PHONES} phones, {LOOKS:g} looks at home a second, {made} handshakes in {for_s:.0f} s"
    found = [Row(f"{name}, p50", quantile(took, 50), "ms")]
    found.append(Row(f"{name}, p99", quantile(took, 99), "ms", "p50", quantile(took, 50)))
    found += [Row(f"{name}: {one}", 100 * (after[one] - used[one]) / for_s, "% of a core") for one in processes]
    _end(lines)
    return found


def _home(phone: Phone) -> tuple[str, dict[str, Any]]:
    return "home", {"holder": phone.holder}


async def _told(made: Made, port: int, phones: list[Phone]) -> list[Row]:
    """Each phone is held on an order of its own; the merchant closes one after another, as tills answer at noon."""
    took, lines = list[float](), [Line(port, at, phone) for at, phone in enumerate(phones)]
    with closing(open_prepared(load_settings(made.data).books(None))) as opened:
        merchant = next(iter(opened.database.run("SELECT merchant FROM device")))[0]
        door, wanted = OrderDoor(opened, secrets.token_bytes), Wanted(str(merchant), PAY_FEN, True, True, 10**9)
        orders = [door.make(Call("bench", f"held {n}"), wanted, now()) for n in range(len(lines))]

        async def waits(line: Line, token: str) -> float:
            await line.ask("order/held", {"token": token, "wait_s": HELD_S})
            return time.monotonic()

        held = [asyncio.create_task(waits(line, one.token.hex())) for line, one in zip(lines, orders, strict=True)]
        await asyncio.sleep(SETTLED_S)
        for task, one in zip(held, orders, strict=True):
            await asyncio.to_thread(door.close, "bench", one.token, now())
            task.add_done_callback(partial(_late, took, time.monotonic()))
            await asyncio.sleep(1 / TOLD_RATE)
        await asyncio.gather(*held)
    _end(lines)
    name = f"wallet, {len(lines)} phones held, told of the end of their orders, {TOLD_RATE:g}/s"
    return [
        Row(f"{name}, p50", quantile(took, 50), "ms"),
        at_most(f"{name}, p99", quantile(took, 99), "ms", TOLD_MS, "p50", quantile(took, 50)),
    ]  # fmt: skip


def _late(took: list[float], closed_s: float, task: "asyncio.Task[float]") -> None:
    took.append(1000 * (task.result() - closed_s))


def _paid(made: Made, port: int, phones: list[Phone]) -> tuple[list[float], int]:
    """As online.paid, by phones."""
    with closing(open_prepared(load_settings(made.data).books(None))) as opened:
        merchant = next(iter(opened.database.run("SELECT merchant FROM device")))[0]
        door = OrderDoor(opened, secrets.token_bytes)
        order = door.make(Call("bench", "http"), Wanted(str(merchant), 0, False, True, 10**9), now())

    def pays(phone: Phone) -> tuple[str, dict[str, Any]]:
        key, token = secrets.token_hex(16), order.token.hex()
        return "pay", {"holder": phone.holder, "key": key, "token": token, "fen": PAY_FEN}

    async def pay() -> list[float]:
        lines = [Line(port, at, phone) for at, phone in enumerate(phones)]
        await _at_rate(WARM, WARM_S / 2, lines, _home)
        took = await _at_rate(RATE, SECONDS, lines, pays)
        _end(lines)
        return took

    took = asyncio.run(pay())
    return took, len(took)


class Line:
    """A phone's connection, made anew where it was closed meanwhile, as a browser does. made: how often."""

    def __init__(self, port: int, at: int, phone: Phone) -> None:
        self.phone, self.made, self.turn = phone, 0, asyncio.Lock()
        self._port, self._source = port, (f"127.0.0.{2 + at % ADDRESSES}", 0)
        self._wire: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, operation: str, told: dict[str, Any]) -> None:
        """RuntimeError: it was refused."""
        async with self.turn, asyncio.timeout(PATIENCE_S):
            kept = self._wire is not None
            try:
                await self._asked(operation, told)
            except (asyncio.IncompleteReadError, ConnectionError):
                self.end()
                if not kept:
                    raise
                await self._asked(operation, told)

    async def _asked(self, operation: str, told: dict[str, Any]) -> None:
        reader, writer = self._wire = self._wire or await self._connected()
        body = json.dumps(told).encode()
        lines = (
            f"POST /w/api/{operation} HTTP/1.1", "Host: localhost", "Content-Type: application/json", "x-ykt: 1",
            f"Cookie: __Host-ykt={self.phone.token}", f"Content-Length: {len(body)}", "", "",
        )  # fmt: skip
        writer.write("\r\n".join(lines).encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        answer = await reader.readexactly(int(head.partition("content-length: ")[2].partition("\r\n")[0]))
        if not head.startswith("http/1.1 200"):
            raise RuntimeError(f"the bench's call is refused: {answer[:200]!r}")

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self.made += 1
        return await asyncio.open_connection("127.0.0.1", self._port, ssl=ANY, local_addr=self._source)

    def end(self) -> None:
        """Let it go."""
        if self._wire is not None:
            self._wire[1].close()
            self._wire = None


ANY = ssl.create_default_context()
ANY.check_hostname, ANY.verify_mode = False, ssl.CERT_NONE


def _end(lines: list[Line]) -> None:
    for line in lines:
        line.end()


async def _at_rate(rate: float, for_s: float, lines: list[Line], asks: Asks) -> list[float]:
    """Calls at their own times, whoever is late; a phone's one after another. Milliseconds from when each was due."""
    rng, due_s, took, tasks = Random(2026), time.monotonic(), list[float](), list[asyncio.Task[None]]()
    until_s = due_s + for_s

    async def call(line: Line, due_s: float) -> None:
        await line.ask(*asks(line.phone))
        took.append(1000 * (time.monotonic() - due_s))

    while due_s < until_s:
        due_s += rng.expovariate(rate)
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))
        tasks.append(asyncio.create_task(call(rng.choice(lines), due_s)))
    await asyncio.gather(*tasks)
    return took


def _used(processes: dict[str, int]) -> dict[str, float]:
    """Seconds of a processor."""
    found = {}
    for name, pid in processes.items():
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        found[name] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return found
