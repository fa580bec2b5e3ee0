"""How a campus is brought up: servers, keys, ledger, boxes, terminals; at the first start also everything they need.

A data folder belongs to one kind of servers for ever (embedded or --full) and to one plan. `opened.json` is written
when provisioning, import and first deposits are done; a start that was killed before goes on from where it stood,
because each of those steps may be repeated.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from compose.campus import campus, full
from compose.campus.lines import write_lines
from compose.campus.options import Options, open_port, wallet_port
from compose.campus.plan import Plan, read_plan, with_load_and_validators_on_can, write_plan
from compose.parts.supervise import Supervisor
from compose.parts.watch import Watch
from compose.place import ROOT, WrongUse
from compose.servers.database import DATABASE
from compose.servers.login import new_login
from compose.servers.ports import free_port
from compose.servers.postgres import postgres
from compose.servers.render import write_private
from compose.servers.servers import BrokerFiles, BrokerPorts, embedded_broker, mosquitto
from shared.input.functions import FILE as FUNCTIONS
from shared.input.functions import Function
from shared.words.voice import Text

STEP_S = 600.0
DEMO_DEPOSIT_FEN = 2_000_000
"""What a demonstration card's online account starts with: 20,000 yuan, more than it eats in a year."""
ROOM_MARK = "opened.json"
PLAIN_LINK = "plain:"
"""So a box begins the name of a TCP link without TLS in its READY line."""
PARENT_LINK = "link:"
"""So begins, in the accounts service's READY line, the token of a one-time link."""
LOGIN_FILE = "broker.login"
"""In the run folder: the embedded broker's user and password of this start."""
WITH_HEALTH = ("ingest", "console", "desk", "watch", "accounts", "wallet", "payments", "open")
"""Services that say at a port of loopback how they are; the key process does at a socket."""
PROVIDERS_FILE, EMULATORS_MARK = "payments.toml", "# python -m cloud.emulators\n"
"""So the settings of payment providers begin that the emulators have written (cloud/emulators/providers/setting_up.py):
another file is somebody's own."""
WALLET_FILE = "front/wallet.pem"
"""The wallet's certificate."""
OPEN_FILE = "open/open.pem"
"""The open platform's, once it was wanted."""
SANDBOX_KEY = "sandbox.key"
"""In the run folder: a key of the open platform's sandbox."""
UP = "./ykt up"
"""Who has it signed, in the custody log."""
WATCH_FILE = "watch.pem"
"""The watch's certificate at the broker."""
DSN_FILE, DSN_FOLDER_FILE = "ledger.dsn", "ledger.folder"
"""The cloud's own file of that name (cloud/process/settings.py): where the ledger is when it is no SQLite file."""

Say = Callable[[str | Text], None]
"""Print a line; a Text is said in the language that is spoken."""

SERVERS = Text("服务器与账本", "servers and ledger")
_CORE = Text("密钥进程、入账、集控平台", "key process, ingest, console")
_FIELD = Text("总线与数据网关", "buses and boxes")
_NO_CONSOLE = Text(
    "集控平台未能启动，营业照常，将不断重试；原因见 log/console.log",
    "the console did not start; selling goes on and it is tried again; why: log/console.log",
)
_EMBEDDED = Text(
    "内置消息代理：只听本机，明文，无权限表，口令每次启动随机生成",
    "embedded broker: this machine only, plain, no rights; a random password at each start",
)
_WITH_FULL, _WITHOUT_FULL = Text("须加 --full", "with --full"), Text("不能加 --full", "without --full")


class StepFailed(Exception):
    """A one-off step of the start ended badly: its name and last lines."""


@dataclass(frozen=True, slots=True)
class Campus:
    """A campus that is up. sellers: parts that sell and must drain; script: a trace plays, its end ends the run.

    replayed: when the trace's first line was due (monotonic s), and how many campus seconds it spans.
    """

    plan: Plan
    where: campus.Where
    sellers: tuple[str, ...]
    script: bool = False
    counts: dict[str, float] = field(default_factory=dict)
    replayed: tuple[float, int] = (0.0, 0)

    def finished(self, watch: Watch) -> bool:
        """Whether a trace has been played to its end by every terminal."""
        return self.script and all(watch.of(name).get("script_done") for name in self.sellers)


async def open_campus(options: Options, parts: Supervisor, run_dir: Path, say: Say) -> Campus:
    """Bring the demonstration up; StartFailed, StepFailed or WrongUse when it cannot be."""
    began = time.monotonic()
    plan = await _plan(options, parts)
    known = known_room(options)
    where = await open_servers(options, parts, run_dir, plan, "")
    if not known:
        deposits = [{"card": card.label, "fen": DEMO_DEPOSIT_FEN} for card in plan.cards]
        await first_time(options, parts, where, plan, deposits, say)
    say_broker(where, say)
    say(f"[1/4] {SERVERS} ({time.monotonic() - began:.1f} s)")
    desk = campus.desk_parts(where, plan, free_port(), servers_of(options))
    await parts.start(*campus.core_parts(where, servers_of(options)), *desk)
    say(f"[2/4] {_CORE} ({time.monotonic() - began:.1f} s)")
    say_console(parts, where, say)
    say_wallet(parts, where, say)
    await say_open(parts, where, say)
    say_docking(where, say)
    say_enrolment(where, say)
    await parts.start(*campus.field_parts(where, plan))
    say(f"[3/4] {_FIELD} ({time.monotonic() - began:.1f} s)")
    say_plain(parts, plan, say)
    bodies = campus.terminal_parts(where, plan, campus.customers(plan, options.seed))
    await parts.start(*bodies)
    selling = Text(f"{len(bodies)} 台终端开始营业", f"{len(bodies)} terminals are selling")
    say(f"[4/4] {selling} ({time.monotonic() - began:.1f} s)")
    say_status(options, say)
    return Campus(plan, where, tuple(part.name for part in bodies))


def say_console(parts: Supervisor, where: campus.Where, say: Say) -> None:
    """The console's address, and the one-time link while nobody has signed in yet; or that there is no console."""
    line = parts.ready_line("console")
    if not line:
        say(f"      {_NO_CONSOLE}")
        return
    words = line.split()
    links = [word for word in words if "/first-login/" in word]
    address = f"https://127.0.0.1:{where.console_port}/"
    console = Text(
        f"集控平台：{address} （CA 证书：campus/cloud/ca.pem）", f"console: {address} (CA: campus/cloud/ca.pem)"
    )
    say(f"      {console}")
    for link in links:
        say(f"      {Text('首次登录，只能用一次：', 'first sign-in, works once: ')}{link}")


def say_wallet(parts: Supervisor, where: campus.Where, say: Say) -> None:
    """The wallet's address, and a parent's one-time link."""
    if not parts.ready_line("wallet"):
        return
    address = f"{campus.wallet_address(where)}/"
    say(f"      {Text('钱包：', 'wallet: ')}{address}")
    for word in parts.ready_line("accounts").split():
        if word.startswith(PARENT_LINK):
            link = f"{address}#link={word.removeprefix(PARENT_LINK)}"
            say(f"      {Text('家长一次性链接：', 'a parent, works once: ')}{link}")
    pages = [word for word in parts.ready_line(campus.PROVIDERS).split() if word.startswith("http:")]
    if pages:
        told = Text("支付渠道（模拟，在这里付款）：", "payment providers, emulated; pay there: ")
        say(f"      {told}{' '.join(pages)}")


async def say_open(parts: Supervisor, where: campus.Where, say: Say) -> None:
    """The open platform's address, and a new key of its sandbox: it is on this terminal and in no log."""
    if not parts.ready_line("open"):
        return
    file = where.run / SANDBOX_KEY
    await step(parts, "sandbox-key", "cloud", *campus.OPEN_COMMANDS, "sandbox-key", *_of(where), "--out", str(file))
    say(f"      {Text('开放平台：', 'open platform: ')}https://127.0.0.1:{where.open_port}/")
    say(f"      {Text('沙箱密钥：', 'a key of its sandbox: ')}{file.read_text(encoding='ascii').strip()}")


def _of(where: campus.Where) -> tuple[str, str]:
    return "--data", str(where.data)


def say_docking(where: campus.Where, say: Say) -> None:
    """Where strangers' devices dock, if they may."""
    if not where.docking_port:
        return
    scheme = "mqtts" if where.full else "mqtt"
    address = f"{scheme}://127.0.0.1:{where.docking_port}"
    docking = Text(
        f"对接设备：{address} （账号：./ykt cloud docking add）",
        f"devices dock at {address} (accounts: ./ykt cloud docking add)",
    )
    say(f"      {docking}")


def say_enrolment(where: campus.Where, say: Say) -> None:
    """Where boxes come in by a code, if they may."""
    if not where.enrol_port:
        return
    door = f"https://127.0.0.1:{where.enrol_port}"
    told = Text(
        f"网关入网：{door} （入网码：./ykt cloud box add 网关）",
        f"boxes come in at {door} (codes: ./ykt cloud box add BOX)",
    )
    say(f"      {told}")


def say_status(options: Options, say: Say) -> None:
    """How to ask how it is, beside it or when it has ended."""
    where = "" if options.data == ROOT / "var" else f" --data {options.data}"
    say(f"      {Text('各处状况（另开窗口）：', 'how all of it is, in another window: ')}./ykt status{where}")


def say_broker(where: campus.Where, say: Say) -> None:
    """What the embedded broker is, and is not."""
    if where.login is not None:
        say(f"      {_EMBEDDED}")


def say_plain(parts: Supervisor, plan: Plan, say: Say) -> None:
    """Which boxes take terminals without TLS, by their own word."""
    for box in plan.boxes:
        words = parts.ready_line(f"edge-{box.box}").split()
        links = ", ".join(word.removeprefix(PLAIN_LINK) for word in words if word.startswith(PLAIN_LINK))
        if links:
            warned = Text(
                f"⚠ 明文链路：{box.box} 的 {links} 不加密；改用 TLS：provision terminal-tls on --box {box.box}",
                f"⚠ plain link: {links} of {box.box} has no TLS; to change: provision terminal-tls on --box {box.box}",
            )
            say(f"      {warned}")


def has_docking(room: Path) -> bool:
    """Is this function on in the campus?"""
    file = room / "cloud" / FUNCTIONS
    return not file.exists() or Function.DOCKING not in json.loads(file.read_bytes())["off"]


def has_emulators(options: Options, room: Path, clock: str) -> bool:
    """Of payment providers: in a demonstration that has none of its own and was not asked to go without. Not behind a
    trace: a provider has a calendar of its own."""
    settings = room / "cloud" / PROVIDERS_FILE
    is_ours = not settings.exists() or settings.read_text(encoding="utf-8").startswith(EMULATORS_MARK)
    is_demo = bool(json.loads((room / "cloud" / "cloud.json").read_bytes()).get("demo"))
    return options.providers and is_ours and is_demo and not clock


async def open_servers(options: Options, parts: Supervisor, run_dir: Path, plan: Plan, clock: str) -> campus.Where:
    """Provision if there is no campus yet; start broker and database; say where everything is."""
    room = options.data / "campus"
    if not (room / "campus.json").exists():
        words = ("provisioning", "campus", "--data", str(room), "--plan", str(options.data / "plan.json"))
        await step(parts, "provision", *words)
    ports = {box.box: free_port() for box in plan.boxes}
    broker_port, cloud_port, docking_port, dsn, login = free_port(), 0, free_port(), "", None
    if options.full:
        cluster = await asyncio.to_thread(postgres, options.data)
        cloud_port = free_port()
        files = BrokerFiles.of_campus(room)
        if not (files.cloudfile.exists() and (room / "cloud" / WATCH_FILE).exists()):  # a campus of before
            await step(parts, "cloud-door", "provisioning", "certificate", "cloud-door", "--data", str(room))
        await step(parts, "docking-rights", "cloud", "docking", "rights", "--data", str(room))
        docking_port = docking_port if has_docking(room) else 0
        broker = mosquitto(options.data / "broker", BrokerPorts(broker_port, cloud_port, docking_port), files)
        await parts.start(broker, cluster.part, *full.beside(options.data, room))
        dsn = await asyncio.to_thread(cluster.create_database, DATABASE)
        write_private(room / "cloud" / DSN_FILE, f"{dsn}\n")  # for `./ykt cloud …` beside the running campus
        write_private(room / "cloud" / DSN_FOLDER_FILE, f"{room.resolve()}\n")  # and not for those of a copy of it
    else:
        login = new_login(run_dir / LOGIN_FILE)
        await parts.start(embedded_broker(broker_port, login=login))
    health = {name: free_port() for name in WITH_HEALTH}
    if not (room / WALLET_FILE).exists():  # a campus of before
        signed = ("certificate", "wallet", "--data", str(room), "--who", UP)
        await step(parts, "wallet-certificate", "provisioning", *signed)
    if options.open and not (room / OPEN_FILE).exists():
        signed = ("certificate", "open", "--data", str(room), "--who", UP)
        await step(parts, "open-certificate", "provisioning", *signed)
    return campus.Where(
        room, run_dir, broker_port, options.port, ports, options.full, dsn, clock, login, cloud_port,
        docking_port if has_docking(room) else 0, health, free_port() if options.full else 0,
        wallet_port(options.port), free_port(), free_port() if has_emulators(options, room, clock) else 0,
        open_port(options.port) if options.open else 0,
    )


def servers_of(options: Options) -> tuple[str, ...]:
    """Names of the parts that ingest and console come after."""
    return ("broker", "postgres") if options.full else ("broker",)


async def first_time(
    options: Options,
    parts: Supervisor,
    where: campus.Where,
    plan: Plan,
    deposits: Iterable[dict[str, Any]],
    say: Say,
) -> None:
    """Import the inventory (opening balances) and post the first deposits; safe to repeat after a kill."""
    store = ("--data", str(where.data), *(("--dsn", where.dsn) if where.dsn else ()))
    await step(parts, "import", "cloud", "import", *store)
    file = options.data / "deposits.jsonl"
    write_lines(file, ({**row, "key": f"first-{row['card']}"} for row in deposits))
    await step(parts, "deposit", "cloud", "deposit", *store, "--file", str(file))
    mark = {"full": options.full, "all_can": options.all_can, "sm4": options.sm4}
    early = (options.data / ROOM_MARK).with_suffix(".new")
    early.write_text(json.dumps(mark), encoding="utf-8")
    early.rename(options.data / ROOM_MARK)  # whole or not there: a kill in between must not leave half a word
    cards = len(plan.cards)
    made = Text(
        f"密钥、{cards} 张卡、期初余额与充值已备好", f"keys, {cards} cards, opening balances and deposits are made"
    )
    say(f"      {made}")


async def step(parts: Supervisor, name: str, *words: str) -> tuple[str, ...]:
    """Run one command of the product to its end; its last lines; StepFailed unless it ended with 0."""
    ended = await parts.run(campus.step(name, *words), STEP_S)
    if ended.code:
        tail = "".join(f"\n  | {line}" for line in ended.tail)
        raise StepFailed(f"{step_failed(name, ended.code)}{tail}")
    return ended.tail


def step_failed(name: str, code: int | None) -> Text:
    """That a command of the product ended badly."""
    return Text(f"步骤失败：{name}（退出码 {code}）", f"step failed: {name} (exit {code})")


def room_mark(data: Path) -> dict[str, bool] | None:
    """How this data folder was opened; None when it never was. WrongUse when that cannot be read."""
    path = data / ROOM_MARK
    if not path.exists():
        return None
    try:
        made = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        made = None
    if not isinstance(made, dict) or not isinstance(made.get("full"), bool):
        raise WrongUse(
            Text(
                f'{path}: 已损坏：请写回 {{"full": false}}，以 --full 建的写 true',
                f'{path}: is damaged; put back {{"full": false}}, or true if made with --full',
            )
        )
    return made


def known_room(options: Options) -> bool:
    """Whether this data folder was opened before, by the same kind of servers; WrongUse if by the other kind."""
    made = room_mark(options.data)
    if made is None:
        return False
    full = made["full"]
    for flag, wanted in (("--all-can", options.all_can), ("--sm4", options.sm4)):
        if wanted and not made.get(flag.strip("-").replace("-", "_"), False):
            raise WrongUse(
                Text(
                    f"该数据目录不是用 {flag} 建的，请用 --data 另选",
                    f"this data folder was not made with {flag}; choose another with --data",
                )
            )
    if full != options.full:
        how = _WITH_FULL if full else _WITHOUT_FULL
        raise WrongUse(
            Text(
                f"该数据目录启动时{how.zh}，或用 --data 另选",
                f"this data folder is started {how.en}; or choose another with --data",
            )
        )
    return True


async def _plan(options: Options, parts: Supervisor) -> Plan:
    path = options.data / "plan.json"
    if path.exists():
        return read_plan(path)
    early = path.with_suffix(".new")
    await step(parts, "plan", "provisioning", "plan", "demo", "--cards", str(options.cards), "--out", str(early))
    if options.all_can or options.sm4:
        plan = read_plan(early)
        plan = with_load_and_validators_on_can(plan) if options.all_can else plan
        write_plan(early, plan, {"profile": "campus-sm4"} if options.sm4 else None)
    early.rename(path)
    return read_plan(path)
