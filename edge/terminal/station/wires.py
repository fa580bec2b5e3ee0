"""Which wire a terminal hangs on, from its command line: TCP, CAN or RS-485.

The field differs from a simulated line by configuration only. Refuses an option that it does not understand. Each wire
brings its own library when it is named: most hang on TCP, and python-can alone is an eighth of a terminal's start.
"""

from dataclasses import dataclass
from pathlib import Path

from edge.link.port import TerminalLink
from edge.link.tcp.door import CertificateFiles, Psk, TlsClient
from edge.link.tcp.link import TcpTerminalLink
from edge.terminal.settings.settings import BodySettings, TlsWay
from edge.terminal.station.address_file import AddressFile
from shared.errors import ConfigFault
from shared.input.endpoint import host_port
from shared.keys.terminal_psk import psk_identity, terminal_psk
from shared.words.voice import Text


@dataclass(frozen=True, slots=True)
class Wire:
    """One of the three: tcp 'HOST:PORT', can 'INTERFACE:CHANNEL', rs485 'PORT'; the others are empty."""

    tcp: str = ""
    can: str = ""
    rs485: str = ""


def open_link(wire: Wire, settings: BodySettings, folder: Path) -> TerminalLink:
    """The link of a terminal; ConfigFault when the option cannot be understood or the body has no address or rate, or
    none of the keys that it needs. folder: where its certificate is, and an address that it was given."""
    if wire.tcp:
        return TcpTerminalLink(*host_port(wire.tcp, "--tcp"), tls=_tls(settings, folder))
    if not settings.bitrate or not (settings.address or wire.can):
        raise ConfigFault(
            Text(
                "address, link: 总线终端须有地址和速率",
                "address, link: a terminal on a bus has an address and a rate",
            )
        )
    if wire.can:
        interface, colon, channel = wire.can.partition(":")
        if not colon or not channel:
            raise ConfigFault(Text("--can: 应为 INTERFACE:CHANNEL", "--can: must be INTERFACE:CHANNEL"))
        return _can(interface, channel, settings, folder)
    if wire.rs485:
        return _rs485(wire.rs485, settings)
    raise ConfigFault(Text("须给出 --tcp、--can 或 --rs485", "one of --tcp, --can and --rs485 is needed"))


def _can(interface: str, channel: str, settings: BodySettings, folder: Path) -> TerminalLink:
    """At the address of its settings, or at the one that the edge gave it, or says."""
    from edge.link.can.claims import Claiming
    from edge.link.can.door import CanBusSettings
    from edge.link.can.link import CanLinkSettings, CanTerminalLink

    link = CanLinkSettings(CanBusSettings(interface, channel, settings.bitrate))
    if settings.address:
        return CanTerminalLink(link, settings.address)
    file = AddressFile(folder, settings.device)
    address = file.read()
    return CanTerminalLink(link, address, Claiming(settings.device, address), file.keep)


def _rs485(port: str, settings: BodySettings) -> TerminalLink:
    from edge.link.rs485.door import SerialSettings
    from edge.link.rs485.link import Rs485TerminalLink

    return Rs485TerminalLink(SerialSettings(port, settings.bitrate), settings.address)


def _tls(settings: BodySettings, folder: Path) -> TlsClient | None:
    """By its key, or by its certificate where its settings say so or this Python has no PSK."""
    if settings.tls is None:
        return None
    files = CertificateFiles(*(folder / name for name in CertificateFiles.NAMES))
    key = terminal_psk(settings.key, settings.device)
    psk = Psk(psk_identity(settings.device), key) if settings.tls is TlsWay.PSK else None
    return TlsClient(psk, files if files.are_there() else None)
