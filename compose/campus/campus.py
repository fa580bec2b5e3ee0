"""The parts of a campus as command lines: no part of the product is imported here (DESIGN 1).

Unix sockets and ptys stand in a short run folder, because their paths have a limit of 108 bytes; everything that lasts
stands in the data folder.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from compose.campus.plan import BY_HAND, Box, Link, LinkKind, Plan, Terminal
from compose.parts.part import Part

PROVIDERS = "providers"
"""The emulated ones, and their part."""
DESK = "desk"
"""Kind of a card desk: a person sits there, nobody comes by himself."""
_PARTS = (
    "run", "keys", "ingest", "console", "desk", "watch", "dock", "signer", "enrol", "accounts", "wallet", "payments",
    "open",
)  # fmt: skip
"""Verbs that serve until they are told to end."""
OPEN_COMMANDS = ("open", "app")
"""So a command of the open platform begins, which does not serve."""
WITH_SERIES = ("ingest", "console")
"""Services whose pages the watch reads, beside the key process's."""
LOAD_RATE = 0.6
POS_RATE = 0.35
"""Customers per second at one counter: about a tap every three seconds, as at a busy lunch."""


DOOR_SOCKET, OFFICE_SOCKET = "enrol-door.sock", "enrol-office.sock"
"""Of the signer, in the run's folder."""


class Places(NamedTuple):
    """Ports: of the enrolment door, and of the broker's doors for boxes and for the cloud."""

    server: int
    boxes: int
    cloud: int


@dataclass(frozen=True, slots=True)
class Where:
    """Where this run lives. ports: box → TCP port of its edge. dsn: empty = SQLite. clock: empty = wall clock.

    login: file with user and password of a broker that asks for them.
    cloud_port: the broker's door for the cloud alone; 0: it has one door.
    docking_port: where strangers' devices dock, at the broker with --full, else at docking's own gate; 0: nowhere.
    health: service → port on loopback where it says how it is.
    enrol_port: where boxes come in by a code, with --full; 0: nowhere.
    wallet_port, accounts_port: the wallet's front and the service behind it; 0: none.
    providers_port: of emulated payment providers, of a demonstration; 0: none.
    open_port: of the open platform, for programs of third parties; 0: none.
    """

    data: Path
    run: Path
    broker_port: int
    console_port: int
    ports: Mapping[str, int]
    full: bool = False
    dsn: str = ""
    clock: str = ""
    login: Path | None = None
    cloud_port: int = 0
    docking_port: int = 0
    health: Mapping[str, int] = field(default_factory=dict)
    enrol_port: int = 0
    wallet_port: int = 0
    accounts_port: int = 0
    providers_port: int = 0
    open_port: int = 0

    @property
    def keys_socket(self) -> Path:
        """The key process's socket."""
        return self.run / "keys.sock"

    @property
    def desk_socket(self) -> Path:
        """Its socket for card desks, which move no money."""
        return self.run / "desk-keys.sock"

    @property
    def phones_socket(self) -> Path:
        """Its socket for the accounts service behind the wallet: certificates of phones."""
        return self.run / "phones.sock"

    @property
    def keys_health(self) -> Path:
        """Where it says how it is."""
        return self.run / "keys-health.sock"

    @property
    def fleet_socket(self) -> Path:
        """Its socket for whoever orders terminals about."""
        return self.run / "fleet-keys.sock"

    @property
    def key_sockets(self) -> Mapping[str, Path]:
        """Option of the key process → its socket, beside the ledger's own."""
        wallet = {"--wallet-socket": self.phones_socket} if self.wallet_port else {}
        return {
            "--desk-socket": self.desk_socket, "--fleet-socket": self.fleet_socket,
            "--health-socket": self.keys_health, **wallet,
        }  # fmt: skip


def core_parts(where: Where, after: tuple[str, ...]) -> list[Part]:
    """Key process, ingest, console, watch and dock; `after` = the broker and the database. Selling goes on without the
    last three."""
    keys = key_process(where.data, where.keys_socket, where.key_sockets)
    dsn = ("--dsn", where.dsn) if where.dsn else ()
    ingest = _python(
        "ingest", "cloud", "ingest", *_data(where), "--keys", str(where.keys_socket),
        *_broker(where, where.cloud_port or where.broker_port), *dsn,
        *_clock(where), *_health(where, "ingest"), after=("keys", *after),
    )  # fmt: skip
    console = _python(
        "console", "cloud", "console", *_data(where), "--port", str(where.console_port), *dsn, *_clock(where),
        *_health(where, "console"), after=after[1:], spare=True,
    )  # fmt: skip
    services = [f"broker=127.0.0.1:{where.cloud_port or where.broker_port}", f"keys={where.keys_socket}"]
    services += [f"console=127.0.0.1:{where.console_port}"] if where.console_port else []
    services += [f"dock=127.0.0.1:{where.docking_port}"] if where.docking_port and not where.full else []
    if where.wallet_port:
        services += [f"accounts=127.0.0.1:{where.accounts_port}", f"wallet=127.0.0.1:{where.wallet_port}"]
    if where.providers_port:
        services.append(f"{PROVIDERS}=127.0.0.1:{where.providers_port}")
    if where.open_port:
        services.append(f"open=127.0.0.1:{where.open_port}")
    if _has_providers(where) and "payments" in where.health:
        services.append(f"payments=127.0.0.1:{where.health['payments']}")
    pages = [f"keys={where.keys_health}"]
    pages += [f"{name}=127.0.0.1:{where.health[name]}" for name in WITH_SERIES if name in where.health]
    watch = _python(
        "watch", "cloud", "watch", *_data(where), *dsn, *_clock(where),
        *(word for service in services for word in ("--service", service)),
        *(word for page in pages for word in ("--page", page)),
        *(("--console", f"https://127.0.0.1:{where.console_port}") if where.console_port else ()),
        *_broker(where, where.cloud_port or where.broker_port), *_health(where, "watch"),
        after=(*after, "ingest"), spare=True,
    )  # fmt: skip
    beside = (*_dock(where, after), *_enrolment(where, after), *_providers(where), *_accounts(where, after))
    return [keys, ingest, console, watch, *beside, *_payments(where, after)]


def _has_providers(where: Where) -> bool:
    return bool(where.providers_port) or (where.data / "cloud" / "payments.toml").exists()


def _providers(where: Where) -> list[Part]:
    """Payment providers as peers: they write the school's settings of them before anybody reads these."""
    if not where.providers_port:
        return []
    notify = f"{_wallet_address('127.0.0.1', where)}/pay/notify/"
    words = ("--data", str(where.data), "--port", str(where.providers_port), "--notify", notify)
    return [_python(PROVIDERS, "cloud.emulators", PROVIDERS, *words, spare=True)]


def _behind_providers(where: Where) -> tuple[str, ...]:
    return (PROVIDERS,) if where.providers_port else ()


def _wallet_address(host: str, where: Where) -> str:
    return f"https://{host}:{where.wallet_port}"


def wallet_address(where: Where) -> str:
    """As a browser on this machine finds it: passkeys want a name, and no number."""
    return _wallet_address("localhost", where)


def _payments(where: Where, after: tuple[str, ...]) -> list[Part]:
    """Who speaks to payment providers, where some are named; without, nothing is started."""
    if not _has_providers(where):
        return []
    dsn = ("--dsn", where.dsn) if where.dsn else ()
    words = (*_data(where), *dsn, *_clock(where), *_health(where, "payments"))
    behind = (*after[1:], *_behind_providers(where))
    return [_python("payments", "cloud", "payments", "run", *words, after=behind, spare=True)]


def _accounts(where: Where, after: tuple[str, ...]) -> list[Part]:
    """The accounts service, and the fronts of wallet and open platform before it. Selling goes on without them."""
    if not where.accounts_port:
        return []
    dsn = ("--dsn", where.dsn) if where.dsn else ()
    accounts = _python(
        "accounts", "cloud", "accounts", *_data(where), "--port", str(where.accounts_port), *dsn, *_clock(where),
        "--address", wallet_address(where), "--keys", str(where.phones_socket), *_health(where, "accounts"),
        after=(*after[1:], *_behind_providers(where)), spare=True,
    )  # fmt: skip
    fronts = {"wallet": where.wallet_port, "open": where.open_port}
    return [accounts, *(_front(where, name, port) for name, port in fronts.items() if port)]


def _front(where: Where, name: str, port: int) -> Part:
    line = f"https://127.0.0.1:{where.accounts_port}"
    words = (*_data(where), "--port", str(port), "--accounts", line, *_health(where, name))
    return _python(name, "cloud", name, *words, after=("accounts",), spare=True)


def _enrolment(where: Where, after: tuple[str, ...]) -> list[Part]:
    """Who signs for boxes, and the door where they ask. Selling goes on without both."""
    if not where.enrol_port:
        return []
    places = Places(where.enrol_port, where.broker_port, where.cloud_port)
    signs = signer(where.data, where.run, places)
    return [replace(signs, after=after), enrol_door(where.data, where.run, where.enrol_port)]


def _dock(where: Where, after: tuple[str, ...]) -> list[Part]:
    """Docking, apart from the watch: a stranger's flood is its own."""
    if not where.docking_port:
        return []
    place = f"127.0.0.1:{where.docking_port}"
    door = ("--broker", place, "--tls") if where.full else ("--listen", place)
    dsn = ("--dsn", where.dsn) if where.dsn else ()
    return [_python("dock", "cloud", "dock", *_data(where), *door, *dsn, after=after, spare=True)]


def key_process(data: Path, socket: Path, further: Mapping[str, Path] | None = None) -> Part:
    """The only part that opens the key store. further: option → its socket for others than the ledger."""
    others = [word for name, path in (further or {}).items() for word in (name, str(path))]
    return _python("keys", "provisioning", "keys", "--data", str(data), "--socket", str(socket), *others)


def signer(data: Path, sockets: Path, places: Places) -> Part:
    """Who signs for boxes that come by a code, and proves the revocation list at the broker."""
    return _python(
        "signer", "provisioning", "signer", "--data", str(data),
        "--door-socket", str(sockets / DOOR_SOCKET), "--office-socket", str(sockets / OFFICE_SOCKET),
        "--server", f"127.0.0.1:{places.server}", "--broker", f"127.0.0.1:{places.boxes}",
        "--guard-boxes", f"127.0.0.1:{places.boxes}", "--guard-cloud", f"127.0.0.1:{places.cloud}", spare=True,
    )  # fmt: skip


def enrol_door(data: Path, sockets: Path, port: int) -> Part:
    """Where boxes ask: HTTPS; the signer makes its certificate."""
    words = ("--data", str(data), "--signer", str(sockets / DOOR_SOCKET), "--port", str(port))
    return _python("enrol", "cloud", "enrol", *words, after=("signer",), spare=True)


def peers(folder: Path, smtp: int, smsc: int) -> Part:
    """Who takes mail and SMS where there is nobody else to."""
    words = ("--smtp", str(smtp), "--smsc", str(smsc), "--folder", str(folder))
    return _python("peers", "cloud.emulators", *words, spare=True)


def desk_parts(where: Where, plan: Plan, port: int, after: tuple[str, ...]) -> list[Part]:
    """The ledger's service for card desks, where the plan has a desk; desks find its port by themselves."""
    if not any(terminal.kind == DESK for _, _, terminal in plan.terminals()):
        return []
    dsn = ("--dsn", where.dsn) if where.dsn else ()
    words = ("cloud", "desk", *_data(where), "--keys", str(where.keys_socket), "--port", str(port), *dsn)
    return [_python("desk", *words, *_clock(where), *_health(where, "desk"), after=("keys", *after))]


def field_parts(where: Where, plan: Plan) -> list[Part]:
    """Buses and edge boxes."""
    return [part for box in plan.boxes for part in (*_buses(where, box), _edge(where, box))]


def terminal_parts(where: Where, plan: Plan, extra: Mapping[str, tuple[str, ...]]) -> list[Part]:
    """The terminals that `extra` names, each with its further options (customers, a script)."""
    return [
        _terminal(where, box, link, terminal, extra[terminal.name])
        for box, link, terminal in plan.terminals()
        if terminal.name in extra
    ]


def customers(plan: Plan, seed: int) -> dict[str, tuple[str, ...]]:
    """The people of the demonstration: who comes to which body, how often; nobody to those left to a person."""
    rates = {"load": LOAD_RATE, "validator": POS_RATE / 2}
    return {
        terminal.name: (
            "--customers", "--rate", str(rates.get(terminal.kind, POS_RATE)), "--seed", str(seed + at),
        )
        for at, (_, _, terminal) in enumerate(plan.terminals())
        if not terminal.name.startswith(BY_HAND) and terminal.kind != DESK
    }  # fmt: skip


def with_clock(where: Where, clock: str) -> Where:
    """The same place under another campus clock."""
    return replace(where, clock=clock)


def step(name: str, *words: str) -> Part:
    """A one-off command of the product."""
    return _python(name, *words)


def _buses(where: Where, box: Box) -> list[Part]:
    parts = []
    for link in box.links:
        if link.kind is LinkKind.CAN:
            daemon = ("edge.link.sim.can_daemon", "--socket", str(_wire(where, box, link)), "--bitrate", str(link.rate))
            parts.append(_python(_bus_name(box, link), *daemon))
        if link.kind is LinkKind.RS485:
            ports = str(sum(terminal.link == link.name for terminal in box.terminals))
            line = ("edge.link.sim.rs485", "--dir", str(_wire(where, box, link)), "--ports", ports)
            parts.append(_python(_bus_name(box, link), *line, "--baud", str(link.rate)))
    return parts


def _edge(where: Where, box: Box) -> Part:
    words = ["edge", "run", *_data(where), "--box", box.box, *_broker(where, where.broker_port)]
    for link in box.links:
        wire = _wire(where, box, link)
        if link.kind is LinkKind.CAN:
            words += ["--can", f"{link.name}=simbus:{wire}"]
        elif link.kind is LinkKind.RS485:
            words += ["--rs485", f"{link.name}={wire / 'master'}"]
        else:
            words += ["--tcp-port", str(where.ports[box.box])]
    buses = tuple(_bus_name(box, link) for link in box.links if link.kind is not LinkKind.TCP)
    return _python(f"edge-{box.box}", *words, *_clock(where), after=("broker", *buses))


def _terminal(where: Where, box: Box, link: Link, terminal: Terminal, extra: tuple[str, ...]) -> Part:
    wire = _wire(where, box, link)
    reach = {
        LinkKind.CAN: ("--can", f"simbus:{wire}"),
        LinkKind.RS485: ("--rs485", str(wire / f"{terminal.address:02d}")),
        LinkKind.TCP: ("--tcp", f"127.0.0.1:{where.ports[box.box]}"),
    }[link.kind]
    words = ("edge.terminal", "run", *_data(where), "--name", terminal.name, *reach, *_clock(where), *extra)
    return _python(f"t-{terminal.name}", *words, after=(f"edge-{box.box}",))


def _python(name: str, module: str, *words: str, after: tuple[str, ...] = (), spare: bool = False) -> Part:
    lasting = ("--end-with-stdin",) if _lasts(module, words) else ()
    return Part(name, (sys.executable, "-P", "-m", module, *words, *lasting), after=after, spare=spare)


def _lasts(module: str, words: tuple[str, ...]) -> bool:
    if module.startswith(("edge.link.", "cloud.emulators")):
        return True
    return bool(words) and words[0] in _PARTS and words[:2] != OPEN_COMMANDS


def _bus_name(box: Box, link: Link) -> str:
    return f"bus-{box.box}-{link.name}"


def _wire(where: Where, box: Box, link: Link) -> Path:
    return where.run / f"{box.box}-{link.name}"


def _broker(where: Where, port: int) -> tuple[str, ...]:
    """How to reach the broker, and how to be let in."""
    login = ("--broker-login", str(where.login)) if where.login else ()
    return "--broker", f"127.0.0.1:{port}", *(("--tls",) if where.full else ()), *login


def _health(where: Where, name: str) -> tuple[str, ...]:
    return ("--health", str(where.health[name])) if name in where.health else ()


def _data(where: Where) -> tuple[str, str]:
    return "--data", str(where.data)


def _clock(where: Where) -> tuple[str, ...]:
    return ("--clock", where.clock) if where.clock else ()
