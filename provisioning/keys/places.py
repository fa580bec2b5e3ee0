"""Which masters of a school are where: in the sealed store, in a token, or (in the middle of a move) in both. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from provisioning.keys.levels import HELD, MASTERS
from provisioning.keys.store import KeyKind, KeyStore
from shared.words.voice import Text

GOES = frozenset(MASTERS) - {KeyKind.TAC, KeyKind.PSAM_CONTROL}
"""What a retired version loses. Its TAC master proves late records, its PSAM control master writes the PSAMs."""
Master = tuple[KeyKind, int]
"""Kind and version."""
STORE, TOKEN = Text("密封库", "sealed store"), Text("密码设备", "token")


@dataclass(frozen=True, slots=True)
class Places:
    """The masters in each place: card masters, PSAM control and LINK."""

    store: frozenset[Master] = frozenset()
    token: frozenset[Master] = frozenset()

    @property
    def all(self) -> frozenset[Master]:
        """In any place."""
        return self.store | self.token

    def versions(self, kind: KeyKind) -> frozenset[int]:
        """Of a kind, wherever they are."""
        return frozenset(version for held, version in self.all if held is kind)

    def of(self, version: int, kinds: Iterable[KeyKind] = MASTERS) -> Places:
        """Only this version's masters of these kinds."""
        wanted = {(kind, version) for kind in kinds}
        return Places(self.store & wanted, self.token & wanted)

    def to_destroy(self, version: int) -> Places:
        """What is still there of a version that is retired."""
        return self.of(version, GOES)

    def place(self, master: Master) -> str:
        """Of one that is held, for the custody log: in both languages."""
        places = ((STORE, self.store), (TOKEN, self.token))
        return " + ".join(f"{name.zh} {name.en}" for name, held in places if master in held)

    def text(self) -> Text:
        """Where these masters are, for people; says when a move was cut."""
        if self.store & self.token:
            return Text(
                f"{STORE.zh} + {TOKEN.zh}：移入未完，再执行 token",
                f"{STORE.en} + {TOKEN.en}: a move was cut, `token` again",
            )
        if self.store and self.token:
            store, token = _kinds(self.store), _kinds(self.token)
            return Text(f"{STORE.zh}：{store}；{TOKEN.zh}：{token}", f"{STORE.en}: {store}; {TOKEN.en}: {token}")
        return STORE if self.store else TOKEN if self.token else Text("无", "none")


def in_store(store: KeyStore) -> frozenset[Master]:
    """What a keeper works with of a store."""
    return frozenset((key.kind, key.version) for key in store.keys if key.kind in HELD)


def _kinds(masters: frozenset[Master]) -> str:
    return ", ".join(kind for kind in HELD if any(held is kind for held, _ in masters))
