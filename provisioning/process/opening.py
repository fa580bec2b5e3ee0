"""Which keeper the key process works with, and opening it: the sealed store into memory, or a PKCS#11 token.

Beside a token the sealed store is opened, too, when it can be: it holds the versions that no token takes (SM4). Every
key that is opened stands in the custody log with its check value. ConfigFault, KeyFault when one does not open.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from provisioning.custody import files as key_files
from provisioning.custody.chain import Act, Event, check_value
from provisioning.keeper import token as token_files
from provisioning.keeper.joined import JoinedKeeper
from provisioning.keeper.keeper import Keeper
from provisioning.keeper.pkcs11 import Pkcs11Keeper
from provisioning.keeper.reopening import ReopeningKeeper
from provisioning.keeper.software import keeper_of
from provisioning.keys.documents import DocumentKeys, document_keys
from provisioning.keys.levels import HELD
from provisioning.keys.places import GOES
from provisioning.keys.store import KeyKind, KeyStore, Level
from provisioning.process import memory
from provisioning.psam import rotation_files
from shared.errors import ConfigFault, KeyFault
from shared.words.voice import Text


class KeeperName(StrEnum):
    """--keeper."""

    SOFTWARE = "software"
    PKCS11 = "pkcs11"


@dataclass(frozen=True, slots=True)
class KeeperChoice:
    """What the command line says. share_files: officers' shares; module: a PKCS#11 library other than SoftHSM's."""

    name: KeeperName = KeeperName.SOFTWARE
    passphrase_file: Path | None = None
    share_files: Sequence[Path] = ()
    module: Path | None = None
    pin_file: Path | None = None


class ReopeningNeeds(NamedTuple):
    """What a keeper needs that opens itself again: campus seconds, monotonic seconds, and the custody log."""

    now: Callable[[], int]
    clock: Callable[[], float]
    record: Callable[[list[Event]], object]


@dataclass(frozen=True, slots=True)
class Opened:
    """A keeper, the campus whose masters it holds, and what the custody log is to say.

    documents: what documents are signed with, of the sealed store: none where only a token is open. token: the part of
    it that may go away; closed: why the sealed store beside the token is not open, if it is not.
    """

    keeper: JoinedKeeper
    campus: int
    events: list[Event]
    documents: DocumentKeys
    token: ReopeningKeeper | None = None
    closed: str = ""


def open_keeper(data: Path, choice: KeeperChoice, at: int, needs: ReopeningNeeds) -> Opened:
    """The keeper of the school of `data`; at: campus seconds. ConfigFault, KeyFault."""
    if choice.name is KeeperName.PKCS11:
        return _token(data, choice, at, needs)
    school = _store(data, choice)
    _require_here(data, school)
    documents = document_keys(school)
    keeper, events = _of_store(school, at)
    return Opened(JoinedKeeper([keeper], rotation_files.retired(data)), school.campus, events, documents)


def _token(data: Path, choice: KeeperChoice, at: int, needs: ReopeningNeeds) -> Opened:
    def standing() -> Pkcs11Keeper:
        token = token_files.open_token(data, choice.module, choice.pin_file)
        try:
            return Pkcs11Keeper(token)
        except KeyFault:
            token.close()
            raise

    def reopened() -> Pkcs11Keeper:
        keeper = standing()
        needs.record(_events(keeper, needs.now()))
        return keeper

    def may_go(kind: KeyKind, version: int) -> bool:
        return kind in GOES and version in rotation_files.retired(data)

    first = standing()
    events, parts, closed = _events(first, at), [], ""
    documents = DocumentKeys(first.campus)
    try:
        school = _store(data, choice)
        if school.campus != first.campus:
            raise KeyFault(Text("密封库与密码设备不属于同一学校", "the sealed store and the token are of two schools"))
        documents = document_keys(school)
        beside, others = _of_store(school, at)
        parts, events = [beside], events + others
    except (ConfigFault, KeyFault) as fault:
        if choice.passphrase_file or choice.share_files:  # somebody wants it open
            first.close()
            raise
        closed = str(fault)
    token = ReopeningKeeper(first, reopened, needs.clock, may_go)
    keeper = JoinedKeeper([token, *parts], rotation_files.retired(data))
    return Opened(keeper, first.campus, events, documents, token, closed)


def _store(data: Path, choice: KeeperChoice) -> KeyStore:
    """The school's sealed store."""
    unlock = key_files.unlock_of(data, choice.passphrase_file, choice.share_files, memory.wipe)
    school = key_files.open_with(data, Level.SCHOOL, unlock, memory.wipe)
    memory.wipe(unlock.secret)
    return school


def _require_here(data: Path, school: KeyStore) -> None:
    """A key process without the masters of a version that cards carry would prove none of their records."""
    lacking = set(rotation_files.used(data)) - set(school.versions(KeyKind.TAC))
    if lacking and token_files.is_ready(data):
        which = ", ".join(map(str, sorted(lacking)))
        raise ConfigFault(
            Text(
                f"版本 {which} 的 TAC 主密钥不在密封库，在密码设备：--keeper pkcs11",
                f"the TAC masters of version {which} are not in the sealed store but in the token: --keeper pkcs11",
            )
        )


def _of_store(school: KeyStore, at: int) -> tuple[Keeper, list[Event]]:
    """A keeper of what it works with; the rest is named, then overwritten."""
    others = [key for key in school.keys if key.kind not in HELD]
    events = [Event(at, Act.OPENED, school.level, key.kind, key.version, check_value(key)) for key in others]
    for key in others:
        memory.wipe(key.octets)
    keeper = keeper_of(school, memory.wipe)
    return keeper, _events(keeper, at) + events


def _events(keeper: Keeper, at: int) -> list[Event]:
    held = [(kind, version) for kind in HELD for version in keeper.versions(kind)]
    return [Event(at, Act.OPENED, Level.SCHOOL, kind, v, keeper.check_value(kind, v)) for kind, v in held]
