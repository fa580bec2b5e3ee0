"""When certificates end, and who says so in time: one rule for boxes, platform and key office. X.509 is read here only;
it is made in provisioning/certificates/authority.py. Pure but for the files that a DailyLook is told to read.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.x509.oid import NameOID

from shared.clocks.campus_clock import WALL
from shared.clocks.clock import DAY_S
from shared.errors import WireFault
from shared.words.voice import Text

REMIND_DAYS = 60
"""So long before its end a list or certificate is named."""
URGENT_DAYS = 7
"""So long before its end it is urgent: what is not renewed by then stops the network, not the selling."""


class Seen(NamedTuple):
    """A certificate as people ask about it: its common name, its end, its serial."""

    name: str
    ends: datetime
    serial: int


class Ending(NamedTuple):
    """A certificate that ends soon, or has: its end in Unix seconds, and the days that are left, below 0 when none."""

    name: str
    ends_s: int
    days: int


def look(pem: bytes) -> Seen:
    """WireFault when it is no certificate."""
    try:
        one = x509.load_pem_x509_certificate(pem)
    except ValueError as fault:
        raise WireFault(Text("证书损坏", "certificate: malformed")) from fault
    names = one.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return Seen(str(names[0].value) if names else "", one.not_valid_after_utc, one.serial_number)


def ending(seen: Seen, campus_s: int) -> Ending | None:
    """None while there are REMIND_DAYS left by the campus clock."""
    days = (seen.ends - datetime.fromtimestamp(campus_s - WALL.campus_s, UTC)).days
    return Ending(seen.name, int(seen.ends.timestamp()), days) if days < REMIND_DAYS else None


class DailyLook:
    """Looks at these files once a campus day, at the first question of the day."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = tuple(files)
        self._day = -1

    def look(self, campus_s: int) -> list[Ending]:
        """What is to be said today; a file that cannot be read has nothing to say, for its user complains himself."""
        day = campus_s // DAY_S
        if day == self._day:
            return []
        self._day = day
        found = (ending(seen, campus_s) for file in self._files if (seen := _seen(file)) is not None)
        return [one for one in found if one is not None]


def _seen(file: Path) -> Seen | None:
    try:
        return look(file.read_bytes())
    except (OSError, WireFault):
        return None
