"""What the key process knows of K_term: whether a terminal signed something. The key itself it gives to nobody.

K_term is expanded from the LINK master (levels.terminal_key); the master stays in the cipher library's own context.
"""

from collections.abc import Mapping

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from provisioning.key_store import KeyKind, KeyStore
from provisioning.levels import K_TERM_SIZE, terminal_context
from shared.ids import DeviceId
from shared.terminal_mac import terminal_mac


class TerminalKeys:
    """Makes the MACs of one school's terminals. masters: contexts keyed with the LINK masters, by version."""

    def __init__(self, masters: Mapping[int, HMAC]) -> None:
        self._masters = dict(masters)

    def __repr__(self) -> str:
        return f"TerminalKeys({len(self._masters)} masters)"

    def mac(self, version: int, device: bytes, covered: bytes) -> bytes | None:
        """4 bytes (shared.terminal_mac); None without a LINK master of this version."""
        master = self._masters.get(version)
        if master is None:
            return None
        expanding = master.copy()
        expanding.update(terminal_context(DeviceId(device)) + b"\1")
        return terminal_mac(expanding.finalize()[:K_TERM_SIZE], covered)


def terminal_keys_of(school: KeyStore) -> TerminalKeys:
    """Of a store's LINK masters; keeps no reference to their bytes."""
    held = school.versions(KeyKind.LINK).items()
    return TerminalKeys({version: HMAC(key.for_use(KeyKind.LINK), SHA256()) for version, key in held})
