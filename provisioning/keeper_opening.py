"""Which keeper the key process works with, and opening it: the sealed store into memory, or a PKCS#11 token.

Every key that is opened stands in the custody log with its check value. ConfigFault, KeyFault when one does not open.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from provisioning import key_files, memory, token_files
from provisioning.custody_chain import Act, Event, check_value
from provisioning.keeper import Keeper
from provisioning.keeper_pkcs11 import Pkcs11Keeper
from provisioning.keeper_reopening import ReopeningKeeper
from provisioning.keeper_software import keeper_of
from provisioning.key_store import KeyStore, Level
from provisioning.key_terminals import TerminalKeys, terminal_keys_of
from provisioning.levels import MASTERS
from shared.errors import ConfigFault, KeyFault


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


class Desk(NamedTuple):
    """What a keeper needs that opens itself again: campus seconds, monotonic seconds, and the custody log."""

    now: Callable[[], int]
    clock: Callable[[], float]
    record: Callable[[list[Event]], object]


@dataclass(frozen=True, slots=True)
class Opened:
    """A keeper, the campus whose masters it holds, what the custody log is to say, and who checks terminals' MACs.

    terminals None: the sealed store with the LINK master does not open beside the token.
    """

    keeper: Keeper
    campus: int
    events: list[Event]
    terminals: TerminalKeys | None


def open_keeper(data: Path, choice: KeeperChoice, at: int, desk: Desk) -> Opened:
    """The keeper of the school of `data`; at: campus seconds. ConfigFault, KeyFault."""
    if choice.name is KeeperName.PKCS11:
        return _token(data, choice, at, desk)
    unlock = key_files.unlock_of(data, choice.passphrase_file, choice.share_files, memory.wipe)
    school = key_files.open_with(data, Level.SCHOOL, unlock, memory.wipe)
    memory.wipe(unlock.secret)
    others, terminals = _others(school, at)
    keeper = keeper_of(school, memory.wipe)
    return Opened(keeper, school.campus, _events(keeper, at) + others, terminals)


def _token(data: Path, choice: KeeperChoice, at: int, desk: Desk) -> Opened:
    def standing() -> Pkcs11Keeper:
        token = token_files.open_token(data, choice.module, choice.pin_file)
        try:
            return Pkcs11Keeper(token)
        except KeyFault:
            token.close()
            raise

    def reopened() -> Pkcs11Keeper:
        keeper = standing()
        desk.record(_events(keeper, desk.now()))
        return keeper

    first = standing()
    others, terminals = _beside(data, choice, at)
    keeper = ReopeningKeeper(first, reopened, desk.clock)
    return Opened(keeper, first.campus, _events(first, at) + others, terminals)


def _beside(data: Path, choice: KeeperChoice, at: int) -> tuple[list[Event], TerminalKeys | None]:
    """The keys that stay in the sealed store when the masters are in a token, if it can be opened."""
    try:
        unlock = key_files.unlock_of(data, choice.passphrase_file, choice.share_files, memory.wipe)
        school = key_files.open_with(data, Level.SCHOOL, unlock, memory.wipe)
    except (ConfigFault, KeyFault):
        return [], None
    memory.wipe(unlock.secret)
    return _others(school, at)


def _events(keeper: Keeper, at: int) -> list[Event]:
    held = [(kind, version) for kind in MASTERS for version in keeper.versions(kind)]
    return [Event(at, Act.OPENED, Level.SCHOOL, kind, v, keeper.check_value(kind, v)) for kind, v in held]


def _others(school: KeyStore, at: int) -> tuple[list[Event], TerminalKeys]:
    """The keys that are no card masters: named, then overwritten; LINK goes on as a context that checks MACs."""
    others = [key for key in school.keys if key.kind not in MASTERS]
    events = [Event(at, Act.OPENED, school.level, key.kind, key.version, check_value(key)) for key in others]
    terminals = terminal_keys_of(school)
    for key in others:
        memory.wipe(key.octets)
    return events, terminals
