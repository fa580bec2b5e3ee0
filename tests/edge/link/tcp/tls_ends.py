"""Ends of TLS links for tests, with certificates as provisioning makes them."""

from datetime import UTC, datetime
from pathlib import Path

from edge.link.tcp.door import CertificateFiles, Psk, TlsClient, TlsServer
from provisioning.certificates import link
from provisioning.certificates.link import Own
from shared.ids import DeviceId
from shared.keys.terminal_psk import psk_identity, terminal_psk

NOW = datetime(2026, 11, 27, tzinfo=UTC)
DEVICE, OTHER = DeviceId(bytes.fromhex("000100000001")), DeviceId(bytes.fromhex("000100000002"))
KEY, WRONG = bytes(range(16)), bytes(16)


def psk(device: DeviceId = DEVICE, key: bytes = KEY) -> Psk:
    return Psk(psk_identity(device), terminal_psk(key, device))


def by_psk(*devices: DeviceId) -> TlsServer:
    return TlsServer({psk(one).identity: psk(one).key for one in devices or (DEVICE,)})


def files(folder: Path, own: Own, *believed: Own) -> CertificateFiles:
    folder.mkdir(parents=True)
    made = CertificateFiles(folder / link.CERTIFICATE, folder / link.KEY, folder / link.BELIEVED)
    made.certificate.write_bytes(own.certificate)
    made.key.write_bytes(own.key)
    made.believed.write_bytes(b"".join(one.certificate for one in believed))
    return made


class Pair:
    """A box and a terminal with certificates; both, a stranger, and the files of each."""

    def __init__(self, folder: Path) -> None:
        box, terminal, stranger = (
            link.of_box("canteen", NOW), link.of_terminal(DEVICE, NOW), link.of_terminal(OTHER, NOW)
        )  # fmt: skip
        self.box = files(folder / "box", box, terminal)
        self.terminal = files(folder / "terminal", terminal, box)
        self.stranger = files(folder / "stranger", stranger, box)
        self.other_box = files(folder / "other", link.of_box("canteen", NOW), terminal)

    def server(self) -> TlsServer:
        return TlsServer({psk().identity: psk().key}, self.box)

    def client(self) -> TlsClient:
        return TlsClient(None, self.terminal)
