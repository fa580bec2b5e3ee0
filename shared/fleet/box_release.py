"""A box's own release 网关发行 as the officers sign it: an archive for one processor, its number only rises. Pure.

Its target in the chain of shared/keys/trust.py names processor and number; length and SHA-256 are the archive's. What
it is called, which Python it needs and each file's digest stand in the archive itself (MANIFEST.json).
"""

import io
import json
import tarfile
from collections.abc import Mapping
from hashlib import sha256
from typing import NamedTuple

from shared.errors import WireFault

MACHINES = ("aarch64", "x86_64")
NUMBER_MAX = 0xFFFF_FFFF
ARCHIVE_MAX, MANIFEST_MAX = 64 << 20, 4 << 20
MANIFEST, ARCHIVE_SUFFIX = "MANIFEST.json", ".tar.gz"


def target_of(machine: str, number: int) -> str:
    """Its path in the chain."""
    return f"box/{machine}/{number}"


class Archive(NamedTuple):
    """What an archive says of itself, and what it is. digest: SHA-256, hex."""

    name: str
    machine: str
    length: int
    digest: str

    def number_in(self, targets: Mapping[str, tuple[int, str]]) -> int:
        """The highest number under which these targets (path → length, SHA-256) stand for it; 0: they do not."""
        mine = target_of(self.machine, 0)[:-1]
        found = (
            path.removeprefix(mine) for path, is_it in targets.items() if path.startswith(mine) and self._is(is_it)
        )
        return max((int(number) for number in found if number.isdecimal()), default=0)

    def _is(self, target: tuple[int, str]) -> bool:
        return target == (self.length, self.digest)


def read_archive(raw: bytes) -> Archive:
    """WireFault: it is no release of a box. Nothing of it is believed by this."""
    if len(raw) > ARCHIVE_MAX:
        raise WireFault(f"an archive of {len(raw)} bytes")
    try:
        with tarfile.open(fileobj=io.BytesIO(raw)) as opened:
            name = (opened.next() or tarfile.TarInfo()).name.split("/")[0]
            member = opened.extractfile(f"{name}/{MANIFEST}")
            said = json.loads(member.read(MANIFEST_MAX)) if member is not None else {}
        machine = said["machine"]
    except (tarfile.TarError, EOFError, OSError, ValueError, KeyError, TypeError) as fault:
        raise WireFault(f"no release of a box: {type(fault).__name__}") from fault
    if machine not in MACHINES:
        raise WireFault(f"a release for {str(machine)[:20]}")
    return Archive(name, machine, len(raw), sha256(raw).hexdigest())
