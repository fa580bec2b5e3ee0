"""What stands between a campus and its certificates' end: the revocation list at the broker, and every certificate.

Reads DATA only. A broker whose list has expired lets nobody in, so the end of a list is a warning long before.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from provisioning.certificates import authority
from provisioning.certificates.authority import Revocations
from shared.clocks.expiry import REMIND_DAYS, look
from shared.errors import ConfigFault
from shared.words.voice import Text

CRL = Path("broker/crl.pem")
CA = Path("ca.pem")
INGEST = Path("cloud/ingest.pem")
WATCH = Path("cloud/watch.pem")
OWN = (INGEST, WATCH)
"""Who comes in by the cloud's own door, each by a certificate that its own key has signed; the key lies beside it."""
CLOUD_DOOR = Path("broker/cloud.pem")
"""What the broker believes there: those certificates again, and nothing else."""
WALLET = Path("front/wallet.pem")
"""The wallet's front; a campus of before has none until it is made."""
OPEN = Path("open/open.pem")
"""The open platform's front, where there is one."""
_SERVERS = (Path("broker/broker.pem"), Path("cloud/console.pem"), WALLET, OPEN, *OWN)
LIST = Text("吊销列表", "revocation list")
"""What the list is called among the terms; `Term.name`, which machines read too, has both."""


class Term(NamedTuple):
    """A certificate or the list: whose, in which file, how many whole days are left. serial 0: the list."""

    name: str
    file: str
    ends: datetime
    days: int
    serial: int = 0

    @property
    def is_near(self) -> bool:
        """Must somebody do something?"""
        return self.days < REMIND_DAYS


def revocations(data: Path) -> Revocations:
    """The list that the broker has. WireFault, OSError."""
    return authority.open_crl((data / CRL).read_bytes(), (data / CA).read_bytes())


def terms(data: Path, now: datetime) -> list[Term]:
    """The list first, then the CA, servers and boxes. WireFault, OSError."""
    ends = revocations(data).ends
    found = [Term(f"{LIST.zh} {LIST.en}", str(CRL), ends, (ends - now).days)]
    for path in _certificates(data):
        seen = look((data / path).read_bytes())
        found.append(Term(seen.name, str(path), seen.ends, (seen.ends - now).days, seen.serial))
    return found


def door_of(data: Path) -> bytes:
    """What CLOUD_DOOR says: all of OWN that there are."""
    return b"".join((data / file).read_bytes() for file in OWN if (data / file).exists())


def serial_of_box(data: Path, box: str) -> int:
    """Of the certificate that the box got; ConfigFault when the campus has no such box."""
    path = data / "boxes" / box / "box.pem"
    if Path(box).name != box or not path.exists():
        raise ConfigFault(Text(f"没有此数据网关：{box[:60]!r}", f"no such box: {box[:60]!r}"))
    return look(path.read_bytes()).serial


def _certificates(data: Path) -> Iterator[Path]:
    boxes = sorted(path.relative_to(data) for path in (data / "boxes").glob("*/box.pem"))
    yield from (path for path in (CA, *_SERVERS, *boxes) if (data / path).exists())
