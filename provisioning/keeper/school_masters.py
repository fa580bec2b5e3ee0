"""The masters of a school on the machine that issues: its sealed store and, when there is one, its token, both open.

Refuses a token of another school, and one that is named or was made and does not open: what it holds is then not known.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from provisioning.keeper import token as token_files
from provisioning.keeper.joined import JoinedKeeper
from provisioning.keeper.keeper import Keeper
from provisioning.keeper.pkcs11 import Pkcs11Keeper, holds_masters
from provisioning.keeper.software import keeper_of
from provisioning.keeper.token import TokenPlace
from provisioning.keys.levels import HELD
from provisioning.keys.places import Master, Places, in_store
from provisioning.keys.store import KeyStore
from shared.errors import KeyFault
from shared.words.voice import Text


@dataclass(frozen=True, slots=True)
class Masters:
    """token None: no master is in one. keeper: both as one; it refuses retired versions."""

    store: KeyStore
    token: Pkcs11Keeper | None
    keeper: Keeper

    @property
    def places(self) -> Places:
        """What is where now."""
        token = self.token
        held = [] if token is None else [(kind, version) for kind in HELD for version in token.versions(kind)]
        return Places(in_store(self.store), frozenset(held))

    def check_value(self, master: Master) -> bytes:
        """3 bytes, of a retired one, too; KeyFault."""
        part = keeper_of(self.store) if master in in_store(self.store) else self.token
        return (part or self.keeper).check_value(*master)


@contextmanager
def open_masters(data: Path, store: KeyStore, place: TokenPlace, retired: frozenset[int]) -> Iterator[Masters]:
    """Open until the block ends; ConfigFault, KeyFault."""
    own = keeper_of(store)
    if not token_files.is_ready(data, place):
        yield Masters(store, None, JoinedKeeper([own], retired))
        return
    with token_files.open_token(data, *place) as token:
        if not holds_masters(token):  # a move was cut before the first of them
            yield Masters(store, None, JoinedKeeper([own], retired))
            return
        held = Pkcs11Keeper(token)
        if held.campus != store.campus:
            raise KeyFault(Text("密封库与密码设备不属于同一学校", "the sealed store and the token are of two schools"))
        yield Masters(store, held, JoinedKeeper([held, own], retired))
