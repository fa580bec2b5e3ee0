"""The terminal on the bench, from the file of `--terminal`: who it says it is, its key, where it hangs.

    {"device": 6 B, "key": 16 B, "key_version": 1 (optional), "address": 1 (on a bus), "bitrate": 125000 (on a bus),
     "campus": 1 (optional), "campus_seed": 32 B (optional: the bench's own campus key; its public half is in the
     terminal, so that documents of the fleet can be shown to it)}

Bytes are hexadecimal. Refuses unknown and missing keys. Never a key of a real campus: what this bench settles, no
ledger has.
"""

from dataclasses import dataclass, field
from pathlib import Path

from edge.link.port import LAST_TERMINAL
from shared.errors import ConfigFault
from shared.ids import DeviceId, device_id
from shared.input.section import Section, from_json, octets
from shared.words.refused import why_not
from shared.words.voice import Text


@dataclass(frozen=True, slots=True)
class Subject:
    """key: K_term; campus_seed: empty where documents are not asked for; address, bitrate: 0 on TCP."""

    device: DeviceId
    key: bytes = field(repr=False)
    key_version: int = 1
    address: int = 0
    bitrate: int = 0
    campus: int = 1
    campus_seed: bytes = field(default=b"", repr=False)


def load(file: Path) -> Subject:
    """ConfigFault naming the file or the key."""
    try:
        raw = file.read_bytes()
    except OSError as fault:
        why = why_not(fault)
        raise ConfigFault(Text(f"{file}: 无法读取：{why}", f"{file}: cannot be read: {why}")) from fault
    return parse(from_json(raw, str(file)), str(file))


def parse(raw: object, file: str = "--terminal") -> Subject:
    """Of a JSON object; ConfigFault naming the key."""
    top = Section(raw, file=file)
    seed = top.take("campus_seed", str, "")
    subject = Subject(
        device=device_id(top.octets("device", 6)),
        key=top.octets("key", 16),
        key_version=top.within("key_version", 0, 255, 1),
        address=top.within("address", 0, LAST_TERMINAL, 0),
        bitrate=top.within("bitrate", 0, 1_000_000, 0),
        campus=top.within("campus", 0, 0xFFFF, 1),
        campus_seed=octets(seed, 32, top.name("campus_seed")) if seed else b"",
    )
    top.done()
    return subject
