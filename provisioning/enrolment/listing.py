"""The revocation list as a file that is whole, newer and never shorter, or stays what it was.

Made in memory, read again as the broker would, compared with the one before it, then renamed into place and synced. A
list that cannot be read is not believed to be empty: it is made anew from what was kept beside, so a damaged file takes
no revocation back.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from provisioning.certificates import authority
from provisioning.certificates.authority import CRL_DAYS, Authority, Revocations
from provisioning.certificates.revocation import CA, CRL, revocations
from provisioning.custody.journal import alone_in, write_private
from provisioning.enrolment import files
from shared.errors import RuleBroken, WireFault
from shared.wire import codec
from shared.words.voice import Text

KEPT = Path("enrolment/revoked")
HALF = timedelta(days=CRL_DAYS // 2)


def publish(data: Path, ca: Authority, more: Mapping[int, datetime], now: datetime) -> int:
    """The number of a list that has these serials and all of before; a new one only where it is needed. OSError.

    Each new one names a canary that no list before named, so that a broker can be proved to have this very list.
    """
    with alone_in((data / CRL).parent):
        there = readable(data)
        number, kept = _kept(data)
        known = {**kept, **(there.revoked if there is not None else {}), **more}
        if there is not None and set(there.revoked) == set(known) and _is_provable(data, there, now):
            return there.number
        number = max(number, there.number if there is not None else 0) + 1
        _put(data, ca, {**known, files.new_canary(data, ca, number, now): now}, number, now)
        return number


def _is_provable(data: Path, there: Revocations, now: datetime) -> bool:
    """It has a canary of its own, and half of its life ahead."""
    return there.ends - now > HALF and files.has_canary(data, there.number, now)


def readable(data: Path) -> Revocations | None:
    """The list that the broker finds; None: it would find none."""
    try:
        return revocations(data)
    except (WireFault, OSError):
        return None


def _put(data: Path, ca: Authority, known: Mapping[int, datetime], number: int, now: datetime) -> None:
    made = authority.issue_crl(ca, known, number, now)
    read = authority.open_crl(made, (data / CA).read_bytes())
    if set(read.revoked) != set(known) or read.number != number:
        raise RuleBroken(Text("新吊销列表与应有的不符", "the new revocation list is not what it should be"))
    write_private(data / KEPT, _encode(number, known))
    path = data / CRL
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
    write_private(path, made)
    path.chmod(mode)


def _kept(data: Path) -> tuple[int, dict[int, datetime]]:
    try:
        number, rows = codec.fields(codec.unpack_file((data / KEPT).read_bytes()), int, list, what="revoked")
    except (OSError, WireFault):
        return 0, {}
    return number, {int.from_bytes(serial, "big"): datetime.fromtimestamp(at, UTC) for serial, at in rows}


def _encode(number: int, known: Mapping[int, datetime]) -> bytes:
    rows = [[serial.to_bytes(20, "big"), int(at.timestamp())] for serial, at in known.items()]
    return codec.pack([number, rows])
