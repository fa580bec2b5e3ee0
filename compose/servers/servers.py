"""The brokers of a campus, as parts: the embedded one, and mosquitto with mutual TLS or as it comes.

Ports are given by the caller (compose.servers.ports finds them). Nothing here uses a well-known port, and nothing but
loopback unless the caller names an address.
"""

import os
import shutil
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from compose.parts.part import Part
from compose.servers.ports import LOOPBACK
from compose.servers.render import render, write_private
from shared.words.voice import Text

RUNNING = r"mosquitto version \S+ running"
QUEUED_MESSAGES_MAX = 1_000
"""Messages that the broker keeps for a session which does not take them; what comes then is dropped for it."""
QUEUED_BYTES_MAX = 16 << 20
"""The same in bytes: so much memory may each session of an ingest that is away cost, two for each box."""


class ServerMissing(Exception):
    """A server program is not installed: wrong use, exit code 2."""

    exit_code = 2

    def __init__(self, program: str, package: str) -> None:
        """Name the program and the Debian package that brings it."""
        super().__init__(
            Text(
                f"缺少程序 {program}，请安装 Debian 软件包 {package}。",
                f"The program {program} is missing; install the Debian package {package}.",
            )
        )


@dataclass(frozen=True, slots=True)
class BrokerFiles:
    """What provisioning made for the broker: authority, certificate, key, rights, the cloud's own certificate, and the
    revoked ones."""

    cafile: Path
    certfile: Path
    keyfile: Path
    acl_file: Path
    cloudfile: Path
    crlfile: Path | None = None
    passwords: Path | None = None
    """Of docked devices, which `./ykt cloud docking` writes."""

    @staticmethod
    def of_campus(data: Path) -> "BrokerFiles":
        """Those of a provisioned campus. One of release 0.1 has no cloudfile: `provisioning certificate cloud-door`."""
        own = data / "broker"
        return BrokerFiles(*(own / name for name in _NAMES))


_NAMES = ("ca.pem", "broker.pem", "broker.key", "acl", "cloud.pem", "crl.pem", "docking.passwords")


@dataclass(frozen=True, slots=True)
class BrokerPorts:
    """Where a broker listens: for the boxes, for the cloud alone, and for docked devices; docking 0: for none."""

    boxes: int
    cloud: int
    docking: int = 0


def embedded_broker(port: int, name: str = "broker", login: Path | None = None) -> Part:
    """Return the broker inside our wheels: loopback, MQTT 5, plain, in memory; with a login, for who knows it."""
    words = ("-P", "-m", "compose.servers.broker", "--port", str(port))
    return Part(name, (sys.executable, *words, *(("--login", str(login)) if login else ())))


def mosquitto(folder: Path, ports: BrokerPorts, files: BrokerFiles, address: str = LOOPBACK) -> Part:
    """Return mosquitto with mutual TLS and rights; writes its configuration to `folder` and keeps its data there.

    The user name of a client is the common name of its certificate, and of a box the client id as well. The cloud's
    door is open for the cloud's own certificate alone; the one of docked devices for who has a password.
    Raises ServerMissing, UnsafeValue, OSError.
    """
    program = _mosquitto_program()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files.acl_file.chmod(0o600)  # mosquitto warns about, and will refuse, rights that others can read
    text = render(
        "mosquitto.conf",
        port=ports.boxes,
        address=address,
        cloud_port=ports.cloud,
        cloud_address=address,
        cafile=files.cafile.resolve(),
        certfile=files.certfile.resolve(),
        keyfile=files.keyfile.resolve(),
        acl_file=files.acl_file.resolve(),
        cloudfile=files.cloudfile.resolve(),
        crl=f"crlfile {files.crlfile.resolve()}" if files.crlfile else "",
        user="user root" if os.geteuid() == 0 else "",
        pid_file=files.acl_file.resolve().with_name("mosquitto.pid"),
        queued_messages=QUEUED_MESSAGES_MAX,
        queued_bytes=QUEUED_BYTES_MAX,
        folder=folder.resolve(),
    )
    if ports.docking and files.passwords is not None:
        text += _docking_door(ports.docking, address, files, files.passwords)
    configuration = write_private(folder / "mosquitto.conf", text)
    return Part("broker", (program, "-c", str(configuration)), ready=RUNNING, stop_signal=signal.SIGTERM)


def _docking_door(port: int, address: str, files: BrokerFiles, passwords: Path) -> str:
    passwords.chmod(0o600)
    return render(
        "mosquitto-docking.conf",
        port=port,
        address=address,
        certfile=files.certfile.resolve(),
        keyfile=files.keyfile.resolve(),
        passwords=passwords.resolve(),
    )


def mosquitto_plain(port: int, name: str = "mosquitto") -> Part:
    """Return mosquitto exactly as it comes: default configuration, loopback, anonymous, nothing kept."""
    return Part(name, (_mosquitto_program(), "-p", str(port)), ready=RUNNING)


def _mosquitto_program() -> str:
    found = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if found is None:
        raise ServerMissing("mosquitto", "mosquitto")
    return found
