"""What holds the masters of a school and works with them: operations, not keys. The seam of the two keepers.

software.py keeps them in this process's memory, pkcs11.py in a token, joined.py is both as one.
Each asks here whether a key may do the work; the answer is WrongKeyUse for every use that a key was not made for. A
card's key is named, never handed over: the exceptions are those that `tac_keys`, `folded_mac` and `own_key` state.
"""

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple, Protocol, TypeVar

from provisioning.keys.levels import CARD_MASTERS
from provisioning.keys.store import KeyKind, WrongKeyUse
from shared.errors import KeyFault
from shared.purse.crypto import Key, Suite
from shared.words.voice import Text

Found = TypeVar("Found")


class CardKeyName(NamedTuple):
    """A card's (or PSAM's) key: the master's kind and version, diversified once by the card's 8-byte serial."""

    kind: KeyKind
    version: int
    factor: bytes


class Use(Enum):
    """What a keeper can be asked to do, and with which kinds of key."""

    SESSION = frozenset((KeyKind.LOAD, KeyKind.UNLOAD, KeyKind.OVERDRAFT))
    """Make a session key of a transaction and MAC under it."""
    PROTECT = frozenset((KeyKind.MAINTENANCE, KeyKind.CONTROL, KeyKind.PIN_UNBLOCK, KeyKind.PSAM_CONTROL))
    """Secure messaging: MAC of a command, cryptogram of a field."""
    FOLD = frozenset((KeyKind.TAC, KeyKind.PIN_RELOAD))
    """MAC under left half XOR right half."""
    AUTHENTICATE = frozenset((KeyKind.INTERNAL_AUTH, KeyKind.CONTROL, KeyKind.PSAM_CONTROL))
    """Encrypt one block of a challenge."""
    VERIFY_TAC = frozenset((KeyKind.TAC,))
    """Give the keys of many cards to the TAC checker of this process."""
    WRITE_KEY = frozenset((KeyKind.CONTROL, KeyKind.PSAM_CONTROL))
    """Encrypt a new key of the card."""
    BE_WRITTEN = frozenset(CARD_MASTERS)
    """Be that new key."""
    BE_ISSUED = frozenset((*CARD_MASTERS, KeyKind.PSAM_CONTROL))
    """Leave, one card's or PSAM's own key, to be written into the body that it belongs to."""


class UnknownKey(KeyFault):
    """Happens when a keeper holds no key of that kind and version."""


class RetiredKey(UnknownKey):
    """Happens when a retired version is asked for anything but its TACs."""

    def __init__(self, kind: KeyKind, version: int) -> None:
        super().__init__(
            Text(
                f"版本 {version} 已停用，其 {kind} 密钥不再使用",
                f"version {version} is retired, its {kind} key does no more work",
            )
        )


class KeeperAway(KeyFault):
    """Happens when a token does not answer: pulled out, locked, broken. Asking again later may help."""


class Keeper(Protocol):
    """Works with the card masters of one school. Each method raises WrongKeyUse and UnknownKey. Not thread-safe."""

    def versions(self, kind: KeyKind) -> tuple[int, ...]:
        """The versions that it holds of a card master, or of LINK, ascending."""

    def suite(self, kind: KeyKind, version: int) -> Suite:
        """What a card master and the keys of its cards run."""

    def check_value(self, kind: KeyKind, version: int) -> bytes:
        """3-byte check value of a card master or LINK (custody/chain.py: check_value)."""

    def session(self, name: CardKeyName, seed: bytes) -> "Session":
        """The session key of the card key and an 8-byte seed, to MAC under (Use.SESSION)."""

    def protect_mac(self, name: CardKeyName, challenge: bytes, command: bytes) -> bytes:
        """4-byte line-protection MAC, as shared.purse.crypto.secure_messaging_mac (Use.PROTECT)."""

    def protect_field(self, name: CardKeyName, field: bytes) -> bytes:
        """Cryptogram of a field, as secure_messaging_encrypt (Use.PROTECT)."""

    def protect_key(self, control: CardKeyName, head: bytes, new: CardKeyName) -> bytes:
        """Cryptogram of head ‖ the 16 bytes of the card's key `new`, under its control key (WRITE_KEY, BE_WRITTEN)."""

    def folded_mac(self, name: CardKeyName, data: bytes) -> bytes:
        """4-byte MAC under the folded card key (Use.FOLD). A token lets that card's key into this process for it."""

    def encrypt_block(self, name: CardKeyName, block: bytes) -> bytes:
        """8 bytes under the card key: internal and external authentication (Use.AUTHENTICATE)."""

    def tac_keys(self, version: int, factors: Sequence[bytes]) -> list[Key]:
        """The cards' own TAC keys, for the bounded cache of the TAC checker in this process; the master stays."""

    def own_key(self, name: CardKeyName) -> Key:
        """A card's or PSAM's own key, to be written into it (Use.BE_ISSUED): on the machine that issues, or into the
        cryptogram of WRITE KEY when another keeper has the control key. No socket gives it to anybody."""

    def terminal_mac(self, version: int, device: bytes, covered: bytes) -> bytes:
        """4 bytes (shared.keys.terminal_mac) under K_term of a device, expanded from this version of LINK. A token lets
        that one K_term into this process for it."""

    def operator_answer(self, version: int, card: bytes, challenge: bytes) -> bytes:
        """8 bytes that this operator card 主管卡 makes of 8, under its key from this version of LINK, as K_term is."""

    def close(self) -> None:
        """Forget everything; the keeper answers no more. Idempotent."""


class Session(Protocol):
    """A session key inside a keeper; used within one operation, then closed."""

    def mac(self, data: bytes) -> bytes:
        """4 bytes, as shared.purse.crypto.session_mac."""

    def close(self) -> None:
        """Forget the session key. Idempotent."""


def known(found: Found | None, kind: KeyKind, version: int) -> Found:
    """What was looked for; UnknownKey when there is no such key."""
    if found is None:
        raise UnknownKey(Text(f"没有 {kind} 密钥，版本 {version}", f"no {kind} key of version {version}"))
    return found


def require_use(kind: KeyKind, use: Use) -> None:
    """WrongKeyUse unless a key of this kind is made for this."""
    if kind not in use.value:
        raise WrongKeyUse(f"a {kind} key is not made for this: {use.name.lower()}")
