"""Link adapters from settings and command-line endpoints; imports only those that this box has.

An endpoint is where a configured link is wired today: can0=socketcan:can0, line0=/dev/ttyS0, a TCP port.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge.link.port import MessageLink
from edge.settings import BoxSettings, LinkKind, LinkSetting
from shared.errors import ConfigFault
from shared.keys.terminal_psk import psk_identity, terminal_psk
from shared.words.voice import Text

if TYPE_CHECKING:
    from edge.link.tcp.door import TlsServer

TCP_HOST = "0.0.0.0"  # noqa: S104  # terminals are other machines; every message is authenticated


@dataclass(frozen=True, slots=True)
class Endpoints:
    """can: link name → (interface, channel). rs485: link name → port. tcp_port: for every TCP link, None = none."""

    can: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    rs485: Mapping[str, str] = field(default_factory=dict)
    tcp_port: int | None = None
    tcp_host: str = TCP_HOST


def make_links(settings: BoxSettings, endpoints: Endpoints) -> dict[str, MessageLink]:
    """A link for each one configured; ConfigFault for one without an endpoint, or an endpoint without a link."""
    names = {link.name: link.kind for link in settings.links}
    for name, kind in [(n, LinkKind.CAN) for n in endpoints.can] + [(n, LinkKind.RS485) for n in endpoints.rs485]:
        if names.get(name) is not kind:
            option = f"--{kind} {name}"
            raise ConfigFault(Text(f"{option}: edge.json 中没有此链路", f"{option}: no such link in edge.json"))
    return {link.name: _make(link, settings, endpoints) for link in settings.links}


def _make(link: LinkSetting, settings: BoxSettings, endpoints: Endpoints) -> MessageLink:
    if link.kind is LinkKind.CAN:
        return _can(link, endpoints)
    if link.kind is LinkKind.RS485:
        return _rs485(link, settings, endpoints)
    return _tcp(link, settings, endpoints)


def _can(link: LinkSetting, endpoints: Endpoints) -> MessageLink:
    from edge.link.can.door import CanBusSettings
    from edge.link.can.link import CanLink, CanLinkSettings

    if link.name not in endpoints.can:
        raise _needed(link, f"--can {link.name}=INTERFACE:CHANNEL")
    interface, channel = endpoints.can[link.name]
    return CanLink(CanLinkSettings(CanBusSettings(interface, channel, link.bitrate)))


def _rs485(link: LinkSetting, settings: BoxSettings, endpoints: Endpoints) -> MessageLink:
    from edge.link.rs485.link import Rs485Link, Rs485LinkSettings
    from edge.link.rs485.polling import PollSettings

    if link.name not in endpoints.rs485:
        raise _needed(link, f"--rs485 {link.name}=PORT")
    addresses = tuple(terminal.address for terminal in settings.terminals if terminal.link == link.name)
    poll = PollSettings(baud=link.baud).through(link.latency_ms / 1000)
    return Rs485Link(Rs485LinkSettings(endpoints.rs485[link.name], addresses, poll))


def _tcp(link: LinkSetting, settings: BoxSettings, endpoints: Endpoints) -> MessageLink:
    from edge.link.tcp.link import TcpLink

    if endpoints.tcp_port is None:
        raise _needed(link, "--tcp-port N")
    tls = _tls(link, settings)
    return TcpLink(endpoints.tcp_host, endpoints.tcp_port, tls=tls, plain=link.is_plain)


def _tls(link: LinkSetting, settings: BoxSettings) -> "TlsServer | None":
    """By the keys of all bodies that this box knows, and by certificates where there are any. A plain link has what is
    to be had, for terminals that were switched before it; every other must have something: ConfigFault."""
    from edge.link.tcp.door import HAS_PSK, CertificateFiles, TlsServer

    files = CertificateFiles(*(settings.folder / name for name in CertificateFiles.NAMES))
    known = files if files.are_there() else None
    if link.is_plain and not (HAS_PSK or known):
        return None
    keys = {one.device: one.key for one in settings.terminals} | {one.device: one.key for one in settings.spares}
    return TlsServer({psk_identity(device): terminal_psk(key, device) for device, key in keys.items()}, known)


def _needed(link: LinkSetting, option: str) -> ConfigFault:
    return ConfigFault(Text(f"{link.name}: 需要 {option}", f"{link.name}: needs {option}"))
