"""The box's settings: one frozen value from DATA/boxes/BOX/edge.json. A wrong key stops the start and is named.

Refuses unknown and missing keys, wrong types, values that cannot work together, and a ledger-ack key that the campus
has not certified. Terminal keys never appear in a repr. Bytes are hexadecimal; provisioning writes:

    {"format": 1, "box": "canteen-1", "partition": 17, "campus": 1, "demo": true,
     "campus_key": 32 B, "ack_key": 32 B, "ack_certificate": 64 B, "hotlist_version": 1, "parameter_version": 1,
     "links": [{"name": "can0", "kind": "can", "bitrate": 125000}, {"name": "line0", "kind": "rs485", "baud": 115200},
               {"name": "tcp", "kind": "tcp", "plain": false}],
     "terminals": [{"device": 6 B, "name": "pos-01", "kind": "pos", "link": "can0", "address": 1,
                    "key": 16 B, "key_version": 1}],
     "spares": [{"device": 6 B, "name": "spare-01", "kind": "pos", "key": 16 B, "key_version": 1}],         optional
     "outbox": {"unsettled_max": …, "settled_max": …, "ballast_bytes": …},     optional, and so is each of its keys
     "tls": {"ca": "ca.pem", "certificate": "box.pem", "key": "box.key"}}      optional, beside edge.json

A terminal on a TCP link has no address (or 0); one on a CAN bus that has none (or 0) gets its address from this box,
for ever. plain: whether that link takes terminals without TLS, too; without the key it does, for so it was in release
0.1, and the box says so wherever it speaks of itself. latency_ms (optional, of an RS-485 line): what a radio module in
it adds each way.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edge.link.port import FIRST_TERMINAL, LAST_TERMINAL
from shared.errors import ConfigFault, WireFault
from shared.ids import PARTITIONS, BoxId, DeviceId, box_id, device_id
from shared.input.section import Section, from_json
from shared.inventory import DeviceKind
from shared.keys.ack_key import is_certified
from shared.words.refused import why_not
from shared.words.voice import Text

FORMAT = 1
MIB = 1 << 20
LATENCY_MAX_MS = 2_000
"""Of a radio module in an RS-485 line; beyond it a poll would wait longer than a terminal does."""
SPARES_MAX = 64
"""Spare bodies that one box may know."""


class LinkKind(StrEnum):
    """What a link runs on."""

    CAN = "can"
    RS485 = "rs485"
    TCP = "tcp"


@dataclass(frozen=True, slots=True)
class LinkSetting:
    """A link of the box. bitrate: bits per second of a CAN bus; baud: of an RS-485 line; 0 where it has none.

    latency_ms: of an RS-485 line, one way, beside what its bytes take. is_plain: a TCP link that takes terminals
    without TLS, too.
    """

    name: str
    kind: LinkKind
    bitrate: int
    baud: int
    latency_ms: int = 0
    is_plain: bool = False


@dataclass(frozen=True, slots=True)
class TerminalSetting:
    """A terminal that this box serves: its K_term (16 B), and where it is wired.

    address: 0 on TCP, and on CAN where the box gives it.
    """

    device: DeviceId
    name: str
    kind: DeviceKind
    link: str
    address: int
    key: bytes = field(repr=False)
    key_version: int


@dataclass(frozen=True, slots=True)
class SpareSetting:
    """A spare body 备用机: known here by its K_term (16 B), and at no place until a swap is ordered."""

    device: DeviceId
    name: str
    kind: DeviceKind
    key: bytes = field(repr=False)
    key_version: int


@dataclass(frozen=True, slots=True)
class SwapOrder:
    """One person's word at the box that a spare stands in for a broken body. at_s: campus seconds."""

    spare: DeviceId
    broken: DeviceId
    who: str
    at_s: int


@dataclass(frozen=True, slots=True)
class OutboxSetting:
    """Bounds of the outbox. unsettled_max: the refusing cap; settled_max: budget of the ring of settled rows."""

    unsettled_max: int = 1_000_000
    settled_max: int = 1_000_000
    ballast_bytes: int = 8 * MIB


@dataclass(frozen=True, slots=True)
class TlsSetting:
    """Files for mutual TLS to the broker."""

    ca: Path
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class BoxSettings:
    """All of it. campus_key, ack_key: Ed25519 public halves (32 B) of the campus key, and of the ledger-ack key that it
    has certified. folder: where edge.json stands."""

    folder: Path
    box: BoxId
    partition: int
    campus: int
    demo: bool
    campus_key: bytes
    ack_key: bytes
    hotlist_version: int
    parameter_version: int
    links: tuple[LinkSetting, ...]
    terminals: tuple[TerminalSetting, ...]
    outbox: OutboxSetting
    tls: TlsSetting | None
    spares: tuple[SpareSetting, ...] = ()

    @property
    def plain_links(self) -> tuple[str, ...]:
        """Names of the links that take terminals without TLS, where they could have it."""
        return tuple(link.name for link in self.links if link.is_plain)

    @property
    def devices(self) -> frozenset[DeviceId]:
        """All bodies that may be served here, the spare ones among them."""
        return frozenset(one.device for one in self.terminals) | frozenset(one.device for one in self.spares)


def load(file: Path) -> BoxSettings:
    """The settings in `file`; ConfigFault naming the key when anything is wrong with them."""
    try:
        raw = file.read_bytes()
    except OSError as fault:
        why = why_not(fault)
        raise ConfigFault(Text(f"{file}: 无法读取：{why}", f"{file}: cannot be read: {why}")) from fault
    return parse(from_json(raw, str(file)), file.parent)


def parse(raw: object, folder: Path) -> BoxSettings:
    """Settings of a JSON object; ConfigFault naming the key."""
    top = Section(raw, file="edge.json")
    if top.take("format", int) != FORMAT:
        raise ConfigFault(Text(f"format: 只认识 {FORMAT}", f"format: only {FORMAT} is known"))
    campus, campus_key = top.within("campus", 0, 0xFFFF), top.octets("campus_key", 32)
    settings = BoxSettings(
        folder=folder,
        box=_box(top.take("box", str)),
        partition=top.within("partition", 0, PARTITIONS - 1),
        campus=campus,
        demo=top.take("demo", bool),
        campus_key=campus_key,
        ack_key=_ack_key(top, campus, campus_key),
        hotlist_version=top.within("hotlist_version", 0, 0xFFFF_FFFF),
        parameter_version=top.within("parameter_version", 0, 0xFFFF_FFFF),
        links=tuple(_link(row) for row in top.rows("links")),
        terminals=tuple(_terminal(row) for row in top.rows("terminals")),
        outbox=_outbox(top.optional_section("outbox")),
        tls=_tls(top.optional_section("tls"), folder),
        spares=tuple(_spare(row) for row in top.rows("spares", SPARES_MAX, [])),
    )
    top.done()
    _consistent(settings)
    return settings


def _link(row: Section) -> LinkSetting:
    kind = row.one_of("kind", LinkKind)
    bitrate = row.within("bitrate", 10_000, 1_000_000) if kind is LinkKind.CAN else 0
    baud = row.within("baud", 1_200, 1_000_000) if kind is LinkKind.RS485 else 0
    latency_ms = row.within("latency_ms", 0, LATENCY_MAX_MS, 0) if kind is LinkKind.RS485 else 0
    is_plain = row.take("plain", bool, True) if kind is LinkKind.TCP else False
    setting = LinkSetting(row.take("name", str), kind, bitrate, baud, latency_ms, is_plain)
    row.done()
    return setting


def _terminal(row: Section) -> TerminalSetting:
    setting = TerminalSetting(
        device=device_id(row.octets("device", 6)),
        name=row.take("name", str),
        kind=row.one_of("kind", DeviceKind),
        link=row.take("link", str),
        address=row.within("address", 0, LAST_TERMINAL, 0),
        key=row.octets("key", 16),
        key_version=row.within("key_version", 0, 255),
    )
    row.done()
    return setting


def _spare(row: Section) -> SpareSetting:
    setting = SpareSetting(
        device=device_id(row.octets("device", 6)),
        name=row.take("name", str),
        kind=row.one_of("kind", DeviceKind),
        key=row.octets("key", 16),
        key_version=row.within("key_version", 0, 255),
    )
    row.done()
    return setting


def _outbox(row: Section | None) -> OutboxSetting:
    if row is None:
        return OutboxSetting()
    plain = OutboxSetting()
    setting = OutboxSetting(
        row.within("unsettled_max", 1, 1 << 40, plain.unsettled_max),
        row.within("settled_max", 0, 1 << 40, plain.settled_max),
        row.within("ballast_bytes", 0, 1 << 40, plain.ballast_bytes),
    )
    row.done()
    return setting


def _tls(row: Section | None, folder: Path) -> TlsSetting | None:
    if row is None:
        return None
    setting = TlsSetting(*(folder / row.take(key, str) for key in ("ca", "certificate", "key")))
    row.done()
    return setting


def _ack_key(top: Section, campus: int, campus_key: bytes) -> bytes:
    signer = Ed25519PublicKey.from_public_bytes(campus_key)
    key, certificate = top.octets("ack_key", 32), top.octets("ack_certificate", 64)
    if not is_certified(campus, key, certificate, signer):
        raise ConfigFault(
            Text(
                "ack_certificate: 校方密钥未认证此回执密钥",
                "ack_certificate: the campus key has not certified ack_key",
            )
        )
    return key


def _box(text: str) -> BoxId:
    try:
        return box_id(text)
    except WireFault as fault:
        said = Text("box: 只能用字母、数字和 -，且不超过 32 个", f"box: {fault}")
        raise ConfigFault(said) from fault


def _consistent(settings: BoxSettings) -> None:
    links = {link.name: link.kind for link in settings.links}
    if len(links) != len(settings.links):
        raise ConfigFault(Text("links: 名称重复", "links: a name stands twice"))
    places: set[tuple[str, int]] = set()
    devices: set[DeviceId] = set()
    for n, terminal in enumerate(settings.terminals):
        where = f"terminals[{n}]"
        if terminal.link not in links:
            said = Text(f"{where}.link: 没有此链路：{terminal.link}", f"{where}.link: no such link: {terminal.link}")
            raise ConfigFault(said)
        kind = links[terminal.link]
        if kind is LinkKind.RS485 or (kind is LinkKind.CAN and terminal.address):
            _place(terminal, where, places)
        if terminal.device in devices:
            raise ConfigFault(Text(f"{where}.device: 重复", f"{where}.device: stands twice"))
        devices.add(terminal.device)
    for n, spare in enumerate(settings.spares):
        if spare.device in devices:
            raise ConfigFault(Text(f"spares[{n}].device: 重复", f"spares[{n}].device: stands twice"))
        devices.add(spare.device)


def _place(terminal: TerminalSetting, where: str, places: set[tuple[str, int]]) -> None:
    if terminal.address < FIRST_TERMINAL:
        raise ConfigFault(
            Text(f"{where}.address: 总线终端须有地址", f"{where}.address: a terminal on a bus has an address")
        )
    if (terminal.link, terminal.address) in places:
        raise ConfigFault(
            Text(f"{where}.address: 在 {terminal.link} 上重复", f"{where}.address: stands twice on {terminal.link}")
        )
    places.add((terminal.link, terminal.address))
