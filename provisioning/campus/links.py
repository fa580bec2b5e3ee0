"""The files of TLS on a box's TCP links: its certificate and those of its terminals, each in its own folder."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from provisioning.campus.file import File
from provisioning.certificates import link
from provisioning.certificates.link import Own
from shared.ids import DeviceId


def link_files(box: str, terminals: Mapping[str, DeviceId], now: datetime) -> Iterator[File]:
    """All of them new, those of the box last: until then the old ones are believed. terminals: by name."""
    own = link.of_box(box, now)
    made = {name: link.of_terminal(device, now) for name, device in terminals.items()}
    for name, one in made.items():
        yield from end_files(f"terminals/{name}", one, own.certificate)
    yield from end_files(f"boxes/{box}", own, b"".join(one.certificate for one in made.values()))


def end_files(folder: str, own: Own, believed: bytes) -> Iterator[File]:
    """Of one end, its certificate last: where that is, the others are."""
    yield File(f"{folder}/{link.KEY}", own.key)
    yield File(f"{folder}/{link.BELIEVED}", believed)
    yield File(f"{folder}/{link.CERTIFICATE}", own.certificate)
