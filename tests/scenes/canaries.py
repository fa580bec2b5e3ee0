"""Known secrets of a campus, and looking for them in bytes: raw, hexadecimal in both cases, base64 at any alignment."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path

from provisioning.custody.files import open_level
from provisioning.keys import levels
from provisioning.keys.documents import document_keys
from provisioning.keys.store import CARD_LEVELS, KeyStore, Level
from shared.ids import DeviceId, PsamId
from shared.keys.terminal_psk import terminal_psk
from tests.provisioning.key_bytes import private_bytes

_ZEROS = re.compile(rb"\0{64,}")
_LETTERS = re.compile(rb"[0-9A-Za-z+/]{8,}")
"""Hexadecimal and base64."""
_SHORT = 8
"""Bytes of a secret that are looked for: a piece of a key is a leak, too. Its first and its last so many."""


def secrets_of(data: Path) -> dict[str, bytes]:
    """Every secret of a software-kept campus by a name for people."""
    stores = {level: open_level(data, level) for level in CARD_LEVELS}
    found = {
        f"{level} {key.kind} {key.version}": private_bytes(key) for level, store in stores.items() for key in store.keys
    }
    school = stores[Level.SCHOOL]
    for (kind, _), key in document_keys(school)._private.items():
        found[f"document key {kind}"] = key.private_bytes_raw()
    for label, made in json.loads((data / "cards/index.json").read_text()).items():
        found |= _card(label, bytes.fromhex(made["card"])[2:], school)
    for terminal in sorted((data / "terminals").iterdir()):
        settings = json.loads((terminal / "terminal.json").read_text())
        device = DeviceId(bytes.fromhex(settings["device"]))
        found[f"K_term {terminal.name}"] = key = levels.terminal_key(school, device)
        found[f"TLS {terminal.name}"] = terminal_psk(key, device)
        psam = PsamId(device[:2] + (int.from_bytes(device[2:], "big") + 0x5000_0000).to_bytes(4, "big"))
        found[f"PSAM control {terminal.name}"] = levels.psam_control_key(school, psam).octets
    found["unlock"] = (data / "keys/unlock").read_bytes()
    return found


def needles(secret: bytes) -> Iterator[bytes]:
    """All that would give a piece of 8 bytes of it away."""
    for piece in (secret[:_SHORT], secret[-_SHORT:]):
        yield piece
        yield piece.hex().encode()
        yield piece.hex().upper().encode()
        for before in range(3):
            whole = base64.b64encode(bytes(before) + piece)
            yield whole[(before * 8 + 5) // 6 : (before + _SHORT) * 8 // 6]  # only what the piece alone decides


class Search:
    """Many needles, each with the name of its secret."""

    def __init__(self, secrets: dict[str, bytes]) -> None:
        every = [(needle, name) for name, secret in secrets.items() for needle in set(needles(secret))]
        self._written = [one for one in every if _LETTERS.fullmatch(one[0])]
        self._raw = [one for one in every if not _LETTERS.fullmatch(one[0])]

    def found(self, haystack: bytes) -> set[str]:
        """Names of the secrets of which a piece stands in these bytes."""
        dense = _ZEROS.sub(b"\0", haystack)
        text = b"\n".join(_LETTERS.findall(dense))  # most needles are written, and most bytes are not
        return {name for needles, where in ((self._raw, dense), (self._written, text)) for needle, name in needles
                if needle in where}  # fmt: skip


def _card(label: str, serial: bytes, school: KeyStore) -> dict[str, bytes]:
    (own,) = levels.card_keys(school, 1, [serial])
    return {f"card {label} {name}": key.octets for name, key in zip(own._fields, own, strict=True) if key}
