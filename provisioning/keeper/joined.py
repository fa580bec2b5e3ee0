"""Keepers opened as one: each master where it is, in the token or in the sealed store beside it. Pure.

What two of them hold (a move into a token that was cut) the first one works with. Refuses two that hold different keys
under one name. A retired version is refused here, before its masters are destroyed, too: only its TACs are still
checked (places.GOES).
"""

from collections.abc import Sequence

from provisioning.keeper.keeper import CardKeyName, Keeper, RetiredKey, Session, Use, known, require_use
from provisioning.keys.levels import HELD
from provisioning.keys.places import GOES
from provisioning.keys.store import KeyKind
from shared.errors import KeyFault
from shared.purse.crypto import Key, Suite
from shared.words.voice import Text


class JoinedKeeper:
    """See provisioning.keeper.keeper.Keeper. KeyFault when two of the parts hold different keys under one name."""

    def __init__(self, parts: Sequence[Keeper], retired: frozenset[int] = frozenset()) -> None:
        self._parts = tuple(parts)
        self._retired = retired
        self._holders: dict[tuple[KeyKind, int], Keeper] = {}
        for part in self._parts:
            for kind in HELD:
                for version in part.versions(kind):
                    self._take(part, kind, version)

    def __repr__(self) -> str:
        return f"JoinedKeeper({list(self._parts)})"

    def versions(self, kind: KeyKind) -> tuple[int, ...]:
        held = (version for known_kind, version in self._holders if known_kind is kind)
        return tuple(sorted(version for version in held if not self._is_retired(kind, version)))

    def suite(self, kind: KeyKind, version: int) -> Suite:
        return self._holder(kind, version).suite(kind, version)

    def check_value(self, kind: KeyKind, version: int) -> bytes:
        return self._holder(kind, version).check_value(kind, version)

    def session(self, name: CardKeyName, seed: bytes) -> Session:
        return self._for(name, Use.SESSION).session(name, seed)

    def protect_mac(self, name: CardKeyName, challenge: bytes, command: bytes) -> bytes:
        return self._for(name, Use.PROTECT).protect_mac(name, challenge, command)

    def protect_field(self, name: CardKeyName, field: bytes) -> bytes:
        return self._for(name, Use.PROTECT).protect_field(name, field)

    def protect_key(self, control: CardKeyName, head: bytes, new: CardKeyName) -> bytes:
        """Of two keepers: the card's own new key goes from one into the other's cryptogram."""
        writing, giving = self._for(control, Use.WRITE_KEY), self._for(new, Use.BE_WRITTEN)
        if writing is giving:
            return writing.protect_key(control, head, new)
        return writing.protect_field(control, head + giving.own_key(new).octets)

    def folded_mac(self, name: CardKeyName, data: bytes) -> bytes:
        return self._for(name, Use.FOLD).folded_mac(name, data)

    def encrypt_block(self, name: CardKeyName, block: bytes) -> bytes:
        return self._for(name, Use.AUTHENTICATE).encrypt_block(name, block)

    def tac_keys(self, version: int, factors: Sequence[bytes]) -> list[Key]:
        return self._holder(KeyKind.TAC, version).tac_keys(version, factors)

    def own_key(self, name: CardKeyName) -> Key:
        return self._for(name, Use.BE_ISSUED).own_key(name)

    def terminal_mac(self, version: int, device: bytes, covered: bytes) -> bytes:
        return self._holder(KeyKind.LINK, version).terminal_mac(version, device, covered)

    def operator_answer(self, version: int, card: bytes, challenge: bytes) -> bytes:
        return self._holder(KeyKind.LINK, version).operator_answer(version, card, challenge)

    def close(self) -> None:
        for part in self._parts:
            part.close()

    def _take(self, part: Keeper, kind: KeyKind, version: int) -> None:
        first = self._holders.setdefault((kind, version), part)
        if first is not part and first.check_value(kind, version) != part.check_value(kind, version):
            raise KeyFault(
                Text(
                    f"密码设备与密封库中版本 {version} 的 {kind} 密钥不同",
                    f"the token and the store hold different {kind} keys of version {version}",
                )
            )

    def _for(self, name: CardKeyName, use: Use) -> Keeper:
        require_use(name.kind, use)
        return self._holder(name.kind, name.version)

    def _holder(self, kind: KeyKind, version: int) -> Keeper:
        if self._is_retired(kind, version):
            raise RetiredKey(kind, version)
        return known(self._holders.get((kind, version)), kind, version)

    def _is_retired(self, kind: KeyKind, version: int) -> bool:
        return kind in GOES and version in self._retired
