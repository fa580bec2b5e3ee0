"""What a keeper knows of K_term and of operator cards: whether one signed something. The keys it gives to nobody.

K_term is expanded from the LINK master (levels.terminal_key) by one HMAC-SHA256, which the cipher library makes in a
context of its own, or the token inside: there only the key of the asked terminal or card comes out, for one MAC.
"""

from collections.abc import Callable, Mapping

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from provisioning.keys.levels import K_TERM_SIZE, OPERATOR_KEY_SIZE, operator_context, terminal_context
from provisioning.keys.store import KeyKind, StoredKey
from shared.ids import CardId, DeviceId
from shared.keys.terminal_mac import terminal_mac
from shared.purse.crypto import Key, encrypt_block

Expand = Callable[[bytes], bytes]
"""HMAC-SHA256 under a LINK master: 32 bytes."""
CHECK_SIZE = 3
_CHECKED = b"openykt check value\0"
_FIRST_BLOCK = b"\1"
"""The counter of HKDF-Expand; K_term is shorter than one block."""


class TerminalKeys:
    """Makes the MACs of one school's terminals. masters: by version."""

    def __init__(self, masters: Mapping[int, Expand]) -> None:
        self._masters = dict(masters)

    def __repr__(self) -> str:
        return f"TerminalKeys({len(self._masters)} masters)"

    @property
    def versions(self) -> tuple[int, ...]:
        """Of LINK, ascending."""
        return tuple(sorted(self._masters))

    def check_value(self, version: int) -> bytes | None:
        """3 bytes; None without a LINK master of this version."""
        expand = self._masters.get(version)
        return None if expand is None else link_check(expand)

    def mac(self, version: int, device: bytes, covered: bytes) -> bytes | None:
        """4 bytes (shared.keys.terminal_mac); None without a LINK master of this version."""
        expand = self._masters.get(version)
        if expand is None:
            return None
        return terminal_mac(expand(terminal_context(DeviceId(device)) + _FIRST_BLOCK)[:K_TERM_SIZE], covered)

    def operator_answer(self, version: int, card: bytes, challenge: bytes) -> bytes | None:
        """8 bytes that this operator card makes of 8; None without a LINK master of this version."""
        expand = self._masters.get(version)
        if expand is None:
            return None
        key = Key(expand(operator_context(CardId(card)) + _FIRST_BLOCK)[:OPERATOR_KEY_SIZE])
        return encrypt_block(key, challenge)

    def clear(self) -> None:
        """Forget them."""
        self._masters.clear()


def link_check(expand: Expand) -> bytes:
    """The check value of a LINK master: what its own work on a fixed text begins with."""
    return expand(_CHECKED)[:CHECK_SIZE]


def expanding(key: StoredKey) -> Expand:
    """Of a LINK master; keeps no reference to its bytes. WrongKeyUse for another key."""
    context = HMAC(key.for_use(KeyKind.LINK), SHA256())

    def expand(data: bytes) -> bytes:
        one = context.copy()
        one.update(data)
        return one.finalize()

    return expand
