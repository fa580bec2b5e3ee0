"""Composition root of the console 集控平台: reader, operators, pages, live stream, HTTPS. Never writes the ledger.

`READY console https://… [first sign-in link]` when it serves; the link is there while nobody has set a password.
"""

import argparse
import asyncio
import os
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cloud.console.access.accounts import Accounts
from cloud.console.access.audit import Audit
from cloud.console.access.proving import prove
from cloud.console.asgi import Shell
from cloud.console.desks.kept import desks_of
from cloud.console.frame.sources import Shown, Sources
from cloud.console.live.live import Live, View
from cloud.console.pages.home.overview import Overview
from cloud.console.pages.home.seen import seen_by
from cloud.console.pages.home.standing import Standing
from cloud.console.pages.money.disputes import Disputed
from cloud.console.shell import create_pages, renderer
from cloud.fleet.beside import campus_clock, orders_socket, signer_socket
from cloud.keys.client import KeyClient
from cloud.keys.signer import SignerClient
from cloud.ledger.read.reader import Reader, open_reader
from cloud.process.health import healthy
from cloud.process.life import report as report_status
from cloud.process.life import say, stop_on_signals
from cloud.process.serving import HttpsServer
from cloud.process.settings import FOLDER, CloudSettings, load_settings
from shared.input.command_line import Parser
from shared.input.data_folder import add_data
from shared.input.endpoint import listening_port
from shared.input.health_port import add_health
from shared.support.watchdog import Duty, Watchdog
from shared.words.health import Health, page_of
from shared.words.voice import Text

FIRST_OPERATOR = "admin"
FILE = "console.db"
OVERVIEW = "overview"
"""What a page that shows the overview asks the stream for."""
TOKEN_FILE = "api.token"  # noqa: S105  # the name of a file


def main(arguments: Sequence[str]) -> int:
    """Serve until told to end."""
    parser = Parser(prog="./ykt cloud console", description=Text("集控平台", "the console"))
    add_data(parser)
    ledger = Text("账本；缺省依数据目录", "the ledger; the data folder's if not given")
    parser.add_argument("--dsn", metavar="DSN", help=ledger)
    parser.add_argument("--port", type=listening_port, required=True, help=Text("监听端口", "port to listen at"))
    parser.add_argument(
        "--host", default="127.0.0.1", help=Text("监听地址，缺省 127.0.0.1", "address to listen at (127.0.0.1)")
    )
    parser.add_argument(
        "--clock", metavar="T0:REAL0:SPEED", help=Text("可给出，不改变显示", "taken, and changes nothing that is shown")
    )
    parser.add_argument(
        "--end-with-stdin", action="store_true", help=Text("标准输入关闭即结束", "end when standard input closes")
    )
    signs = Text("密钥进程的指令接口；缺省找运行中的", "the key process's socket for orders (the running one's)")
    parser.add_argument("--keys", type=Path, metavar="SOCKET", help=signs)
    add_health(parser)
    given = parser.parse_args(arguments)
    settings = load_settings(given.data)
    asyncio.run(_serve(settings, given))
    return 0


async def _serve(settings: CloudSettings, given: argparse.Namespace) -> None:
    dsn = settings.dsn(given.dsn)
    reader = open_reader(dsn)
    accounts = Accounts(settings.data / FOLDER / FILE)
    audit = Audit(settings.data / FOLDER / FILE)
    live, shell = _assemble(settings, dsn, reader, accounts, audit, given.keys)
    server = HttpsServer(
        shell, given.host, given.port, settings.console_certificate, settings.console_key
    )  # fmt: skip
    stop = asyncio.Event()
    stop_on_signals(stop, end_with_stdin=given.end_with_stdin)
    serving = asyncio.create_task(server.serve(), name="console")
    told = asyncio.create_task(_tell(server, stop, accounts, live, f"https://{given.host}:{given.port}/"))
    proving = asyncio.create_task(prove(audit, stop, _now_ms), name="audit")
    async with healthy(given.health, lambda: _health(server, live)):
        await asyncio.wait({serving, asyncio.create_task(stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    shell.ending.set()
    server.should_exit = True
    server.serving.set()
    await asyncio.gather(serving, told, proving)
    accounts.close()
    reader.close()


def _assemble(
    settings: CloudSettings, dsn: str, reader: Reader, accounts: Accounts, audit: Audit, keys: Path | None
) -> tuple[Live, Shell]:
    folder = settings.data / FOLDER
    overview, standing, disputed = Overview(reader), Standing(folder), Disputed(settings.data)
    live: Live
    sources = Sources(
        Shown(lambda: live.snapshot, lambda view: live.fragment(view), lambda: live.moved(), lambda: live.as_of()),
        reader, accounts, audit, settings, dsn, _machine_token(folder / TOKEN_FILE),
        signer=lambda: KeyClient(orders_socket(settings.data, keys)), clock=lambda: campus_clock(settings.data, ""),
        office=lambda: SignerClient(signer_socket(settings.data, None)),
    )  # fmt: skip
    pages = create_pages(sources)

    def beside() -> dict[str, Any]:
        return {**standing.read(), **disputed.read()}

    live = Live(lambda: overview.read(_now_ms()), renderer(pages), _now_ms, beside)
    return live, Shell(pages, live, lambda *asked: viewer(accounts, *asked), desks=desks_of(sources.file))


def viewer(accounts: Accounts, token: str, role: str, language: str, shows: str) -> View | None:
    """Whoever has signed in hears what has moved; the overview is for whoever shows it and sees the campus."""
    signed = accounts.session(token, int(time.time()))
    if signed is None:
        return None
    return View(language, seen_by(signed.looking_through(role)) if shows == OVERVIEW else None)


async def _tell(server: HttpsServer, stop: asyncio.Event, accounts: Accounts, live: Live, address: str) -> None:
    await server.serving.wait()
    loop = Duty()
    link = "" if accounts.has_operator() else f" {address}first-login/{_first_link(accounts)}"
    say(f"READY console {address}{link}")
    with Watchdog("console", lambda: {"loop": loop.turns, "live": live.turns}) as watchdog:
        watchdog.ready()
        await report_status(stop, lambda: {"stale": live.snapshot["stale"], "viewers": live.viewers}, loop)


def _health(server: HttpsServer, live: Live) -> Health:
    """Ready: it serves, and shows the ledger as it is."""
    waits = [] if server.serving.is_set() else ["https"]
    waits += ["ledger"] if live.snapshot["stale"] else []
    return Health(waits=tuple(waits), page=page_of("console", _figures(live)))


def _figures(live: Live) -> dict[str, int]:
    return {"stale": int(bool(live.snapshot["stale"])), "viewers": live.viewers}


def _now_ms() -> int:
    return int(time.time() * 1000)


def _first_link(accounts: Accounts) -> str:
    return accounts.make_link(FIRST_OPERATOR, int(time.time()))


def sign_in_link(settings: CloudSettings, address: str) -> str:
    """A fresh one-time link with which the operator sets a password, the first or a forgotten one's successor.

    Whoever may write the console's file may sign in: that is the right it takes. Works beside a running console.
    """
    accounts = Accounts(settings.data / FOLDER / FILE)
    try:
        return f"{address.rstrip('/')}/first-login/{_first_link(accounts)}"
    finally:
        accounts.close()


def _machine_token(path: Path) -> str:
    """The token with which a program on this machine may read the API; made at the first start, 0600."""
    if not path.exists():
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "w", encoding="ascii") as out:
            out.write(secrets.token_urlsafe(32))
    return path.read_text(encoding="ascii").strip()
