"""The ceremony on disk: DATA/keys/ceremony-NNNN with its journal, and each officer's components sealed under his own
passphrase until all come together. Every step is durable before it is told, and may be repeated after a kill.

Refuses a second ceremony while one is open. Nothing unsealed is ever written; the components are removed once the root
store holds their sum (removal from a solid-state disk is no erasure, which is why they are sealed).
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from provisioning.ceremony.ceremony import Ceremony, OutOfTurn, Phase, Terms, minutes, terms
from provisioning.custody.chain import Act, Event, check_value, deed, events_of, name_of
from provisioning.custody.journal import Journal, open_journal, read_journal, sync_folder, write_private
from provisioning.custody.notes import noted
from provisioning.custody.vault import Vault, merged
from provisioning.keys.components import Component, joined, require_check
from provisioning.keys.levels import region_of, school_of, selector
from provisioning.keys.store import NONCE_SIZE, SALT_SIZE, KeyStore, Level, StoredKey, Unlock, open_store, seal
from shared.errors import ConfigFault
from shared.purse.suite import TRIPLE_DES
from shared.words.voice import Text

_CEREMONY, _CLOSED = noted(Text("仪式", "ceremony")), noted(Text("结束", "closed"))
JOURNAL = "ceremony.journal"
MINUTES = "minutes.txt"
_PREFIX = "ceremony-"
CEREMONIES_MAX = 9_999


class Room:
    """The ceremonies of a vault. now: campus seconds."""

    def __init__(self, vault: Vault, now: Callable[[], int]) -> None:
        self._vault = vault
        self._now = now

    def begin(
        self,
        campus: int,
        region: int,
        version: int | None,
        officers: Sequence[str],
        who: str,
        algorithm: str = TRIPLE_DES.name,
    ) -> Ceremony:
        """Open a ceremony; version None: the one after the highest that the root store has. ConfigFault."""
        if self._open_folder() is not None:
            raise OutOfTurn(
                Text(
                    f"已有未结束的仪式；下一步：{self.status().next_step().zh}",
                    f"a ceremony is open; next: {self.status().next_step().en}",
                )
            )
        number = len(self._folders()) + 1
        if number > CEREMONIES_MAX:
            raise ConfigFault(Text(f"仪式最多 {CEREMONIES_MAX} 次", f"at most {CEREMONIES_MAX} ceremonies"))
        told = terms(f"{number:04d}", campus, region, version or self._next_version(), officers, algorithm)
        for officer in (*told.officers, who):
            name_of(officer)
        row = told.to_row(who, self._now())
        folder = self._vault.folder / f"{_PREFIX}{told.ceremony}"
        self._vault.make_folder()
        folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(folder.parent)
        with open_journal(folder / JOURNAL) as journal:
            journal.append(row)
        return Ceremony.of_rows([row])

    def enter(self, officer: str, components: Sequence[Component], unlock: Unlock) -> Ceremony:
        """Seal an officer's components under his passphrase, and note their check values."""
        with self._opened() as (folder, ceremony, journal):
            row = ceremony.component(officer, {one.kind.value: _hex(one.check) for one in components}, self._now())
            version = ceremony.terms.version
            keys = tuple(StoredKey(one.kind, version, one.octets) for one in components)
            own = KeyStore(Level.ROOT, ceremony.terms.campus, keys)
            write_private(_component(folder, ceremony.terms, officer), _sealed(own, unlock))
            self._vault.record(
                events_of(own, Act.COMPONENT, self._now(), officer, f"{_CEREMONY} {ceremony.terms.ceremony}")
            )
            return _taken(ceremony, journal, row)

    def join(self, unlocks: Mapping[str, Unlock]) -> Ceremony:
        """With every officer's passphrase: make the root masters. StoreLocked, ComponentFault, WrongCheckValue."""
        with self._opened() as (folder, ceremony, journal):
            ceremony.join({}, self._now())  # is it due?
            keys = _sums(folder, ceremony, unlocks)
            root = KeyStore(Level.ROOT, 0, keys)
            self._vault.add(Level.ROOT, 0, keys)
            self._vault.record(events_of(root, Act.JOINED, self._now(), ", ".join(ceremony.terms.officers)[:60]))
            checks = {key.kind.value: _hex(check_value(key)) for key in keys}
            _taken(ceremony, journal, ceremony.join(checks, self._now()))
            _remove_components(folder, ceremony.terms)
            return ceremony

    def derive(self) -> Ceremony:
        """The region's masters from the root's, the school's from the region's."""
        with self._opened() as (folder, ceremony, journal):
            ceremony.derive({}, self._now())
            _remove_components(folder, ceremony.terms)  # again, for the joining may have been cut short
            told, root = ceremony.terms, self._vault.read(Level.ROOT)
            if root is None:
                raise ConfigFault(Text("没有根密钥库", "there is no root store"))
            own = KeyStore(Level.ROOT, 0, tuple(key for key in root.keys if key.version == told.version))
            region = region_of(own, told.region)
            school = school_of(region, told.campus)
            _require_fit(self._vault.read(Level.SCHOOL), school)
            events: list[Event] = []
            for store in (region, school):
                self._vault.add(store.level, store.campus, store.keys)
                events += events_of(store, Act.DERIVED, self._now())
            self._vault.record(events)
            checks = {f"{event.level}:{event.kind}": _hex(event.check) for event in events}
            return _taken(ceremony, journal, ceremony.derive(checks, self._now()))

    def close(self, who: str) -> str:
        """Write the minutes and end; gives their text."""
        with self._opened() as (folder, ceremony, journal):
            row = ceremony.close(name_of(who), self._now())
            events = [deed(self._now(), Act.MINUTES, who, f"{_CEREMONY} {ceremony.terms.ceremony} {_CLOSED}")]
            head = self._vault.record(events)
            ceremony.apply(row)
            text = minutes(ceremony, head)
            write_private(folder / MINUTES, text.encode())
            digest = hashlib.sha256(text.encode()).hexdigest()
            self._vault.record([deed(self._now(), Act.MINUTES, who, f"SHA-256 {digest}")])
            journal.append(row)
            return text

    def abort(self, who: str, reason: str) -> Ceremony:
        """End without keys; the components are removed."""
        with self._opened() as (folder, ceremony, journal):
            row = ceremony.abort(name_of(who), reason, self._now())
            self._vault.record(
                [deed(self._now(), Act.ABORTED, who, f"{_CEREMONY} {ceremony.terms.ceremony}: {reason}"[:160])]
            )
            _remove_components(folder, ceremony.terms)
            return _taken(ceremony, journal, row)

    def status(self) -> Ceremony:
        """The open ceremony, or the last one; ConfigFault when there never was one."""
        folders = self._folders()
        if not folders:
            raise ConfigFault(Text("还没有仪式", "there was no ceremony yet"))
        return Ceremony.of_rows(read_journal(folders[-1] / JOURNAL))

    def minutes(self) -> str:
        """The minutes of the last ceremony that was closed."""
        for folder in reversed(self._folders()):
            if (folder / MINUTES).exists():
                return (folder / MINUTES).read_text(encoding="utf-8")
        raise ConfigFault(Text("没有仪式记录", "there are no minutes"))

    def _folders(self) -> list[Path]:
        return sorted(path.parent for path in self._vault.folder.glob(f"{_PREFIX}*/{JOURNAL}") if read_journal(path))

    def _open_folder(self) -> Path | None:
        folders = self._folders()
        if not folders or self.status().phase in (Phase.CLOSED, Phase.ABORTED):
            return None
        return folders[-1]

    def _next_version(self) -> int:
        root = self._vault.read(Level.ROOT)
        return max((key.version for key in root.keys), default=0) + 1 if root else 1

    @contextmanager
    def _opened(self) -> Iterator[tuple[Path, Ceremony, Journal]]:
        folder = self._open_folder()
        if folder is None:
            raise OutOfTurn(Text("没有进行中的仪式：先 begin", "no ceremony is open: begin one"))
        with open_journal(folder / JOURNAL) as journal:
            yield folder, Ceremony.of_rows(journal.rows), journal


def _sums(folder: Path, ceremony: Ceremony, unlocks: Mapping[str, Unlock]) -> tuple[StoredKey, ...]:
    told = ceremony.terms
    absent = [officer for officer in told.officers if officer not in unlocks]
    if absent:
        raise OutOfTurn(Text(f"保管员缺席：{'、'.join(absent)}", f"officers absent: {', '.join(absent)}"))
    if len({unlocks[officer].secret for officer in told.officers}) < len(told.officers):
        raise ConfigFault(Text("两名保管员的口令相同", "two officers have the same passphrase"))
    parts = [_component_store(folder, ceremony, officer, unlocks[officer]) for officer in told.officers]
    return tuple(
        StoredKey(
            kind,
            told.version,
            joined([part.one(kind, told.version).for_use(kind) for part in parts]),
            selector(kind, told.suite),
        )
        for kind in told.kinds
    )


def _component_store(folder: Path, ceremony: Ceremony, officer: str, unlock: Unlock) -> KeyStore:
    path = _component(folder, ceremony.terms, officer)
    if not path.exists():
        raise ConfigFault(Text(f"{officer}: 分量文件不在", f"{officer}: the sealed components are not there"))
    store = open_store(path.read_bytes(), unlock, Level.ROOT)
    for key in store.keys:
        require_check(check_value(key), bytes.fromhex(ceremony.components[officer][key.kind.value]), officer)
    return store


def _require_fit(there: KeyStore | None, school: KeyStore) -> None:
    """Refuse before anything is written."""
    if there is None:
        return
    if there.campus != school.campus:
        raise ConfigFault(
            Text(
                f"密钥库属于学校 {there.campus}，不是 {school.campus}",
                f"the store is of school {there.campus}, not {school.campus}",
            )
        )
    merged(there, school.keys)


def _component(folder: Path, told: Terms, officer: str) -> Path:
    return folder / f"component-{told.officers.index(officer) + 1}.keys"


def _remove_components(folder: Path, told: Terms) -> None:
    for officer in told.officers:
        _component(folder, told, officer).unlink(missing_ok=True)
    sync_folder(folder)


def _sealed(store: KeyStore, unlock: Unlock) -> bytes:
    return seal(store, unlock, os.urandom(SALT_SIZE), os.urandom(NONCE_SIZE))


def _taken(ceremony: Ceremony, journal: Journal, row: dict[str, object]) -> Ceremony:
    journal.append(row)
    ceremony.apply(row)
    return ceremony


def _hex(check: bytes) -> str:
    return check.hex().upper()
