"""Rotation and PSAM register on disk: DATA/keys/versions.journal and psam.journal, and the facts they give together.

Without a journal version 1 is in use and nothing is retired. The register takes in the PSAMs that the campus was made
with when it is first opened for change.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from provisioning.custody.chain import Act, Event, deed
from provisioning.custody.journal import Journal, open_journal, read_journal
from provisioning.custody.notes import noted
from provisioning.custody.vault import Vault
from provisioning.issue.campus_facts import CampusFacts
from provisioning.issue.files import leased_expiries
from provisioning.keeper import token as token_files
from provisioning.keeper.school_masters import Masters, open_masters
from provisioning.keeper.softhsm import make_durable
from provisioning.keeper.token import OWN_TOKEN, TokenPlace
from provisioning.keys.levels import VERSIONS
from provisioning.keys.places import Places
from provisioning.keys.store import KeyKind, KeyStore, Level
from provisioning.psam.register import Register
from provisioning.psam.rotation import (
    Facts,
    held_versions,
    last_expiries,
    require_issue,
    require_retire,
    retired_store,
)
from shared.errors import ConfigFault, RuleBroken
from shared.words.voice import Text

_ISSUED, _RETIRED = noted(Text("启用版本", "cards carry version")), noted(Text("停用版本", "retired version"))
_DESTROYED = noted(Text("销毁于", "destroyed in"))
KEYS, VERSIONS_JOURNAL, PSAMS_JOURNAL = "keys", "versions.journal", "psam.journal"


def issuing(data: Path) -> int:
    """The version that new cards carry."""
    return _versions(read_journal(data / KEYS / VERSIONS_JOURNAL))[0]


def retired(data: Path) -> frozenset[int]:
    """The versions that are retired."""
    return _versions(read_journal(data / KEYS / VERSIONS_JOURNAL))[1]


def used(data: Path) -> range:
    """The versions that cards carry or ever carried: their TACs must be provable."""
    return range(VERSIONS[0], issuing(data) + 1)


class CampusKeys:
    """A campus's keys in its files: its PSAM register and its versions. now: campus seconds; token: where one is."""

    def __init__(
        self, campus: CampusFacts, vault: Vault, now: Callable[[], int], token: TokenPlace = OWN_TOKEN
    ) -> None:
        self._campus = campus
        self._token = token
        self._vault = vault
        self._now = now

    def register(self) -> Register:
        """The register now; the campus's own PSAMs are in it from the beginning."""
        rows = read_journal(self._vault.folder / PSAMS_JOURNAL) or self._adopted()
        return Register.of_rows(self._campus.inventory.campus, rows)

    @contextmanager
    def psams(self) -> "Iterator[tuple[Register, Callable[[list[dict[str, Any]], str, str], None]]]":
        """The register and what makes rows of it durable: commit(rows, who, note for the custody log)."""
        with open_journal(self._vault.folder / PSAMS_JOURNAL) as journal:
            if not journal.rows:
                adopted = self._adopted()
                if adopted:
                    journal.append(*adopted)
            register = Register.of_rows(self._campus.inventory.campus, journal.rows)

            def commit(rows: list[dict[str, Any]], who: str, note: str) -> None:
                for row in rows:
                    register.apply(row)  # refuses before anything is durable
                self._vault.record([deed(self._now(), Act.PSAM, who, note[:160])])
                journal.append(*rows)

            yield register, commit

    @contextmanager
    def masters(self) -> Iterator[Masters]:
        """The school's masters, in the store and in the token; ConfigFault, KeyFault."""
        data = self._campus.data
        with open_masters(data, self._store(), self._token, retired(data)) as masters:
            yield masters

    def facts(self) -> Facts:
        """Everything that a rotation is judged by."""
        with self.masters() as masters:
            return self._facts(masters)

    def _facts(self, masters: Masters) -> Facts:
        current, gone = _versions(read_journal(self._vault.folder / VERSIONS_JOURNAL))
        known = [(card.key_version, card.expires) for card in self._campus.inventory.cards]
        expiries = last_expiries([*known, *leased_expiries(self._campus.data)])
        where = masters.places
        return Facts(held_versions(where), current, gone, self.register().live, expiries, where)

    def _store(self) -> KeyStore:
        """The school's store; an empty one where there is a token and no store."""
        if self._vault.read(Level.SCHOOL) is None and token_files.is_ready(self._campus.data, self._token):
            return KeyStore(Level.SCHOOL, self._campus.inventory.campus, ())
        return self.school()

    def school(self) -> KeyStore:
        """The school's store; ConfigFault when there is none."""
        school = self._vault.read(Level.SCHOOL)
        if school is None:
            raise ConfigFault(Text("没有学校密钥库", "there is no store of the school"))
        return school

    def issue(self, version: int, who: str) -> None:
        """From now on new cards carry this version; that it does already is a success."""
        with self._journal() as journal:
            facts = self.facts()
            if facts.issuing == version:
                return
            require_issue(facts, version)
            self._vault.record([deed(self._now(), Act.ROTATED, who, f"{_ISSUED} {version}")])
            journal.append({"row": "issuing", "version": version, "who": who, "at": self._now()})

    def retire(self, version: int, who: str) -> None:
        """The version goes, but for what its late records and the PSAMs need: places.GOES.

        The row first, from which on every keeper refuses the version; then the custody log, which names each master
        that is still there; then these are destroyed, in the token and in the store. Cut anywhere and said again, it
        names and destroys what is left, and nothing when nothing is.
        """
        with self._journal() as journal, self._vault.alone(), self.masters() as masters:
            facts = self._facts(masters)
            if version not in facts.retired:
                require_retire(facts, version, self._now())
                journal.append({"row": "retired", "version": version, "who": who, "at": self._now()})
            left = facts.places.to_destroy(version)
            if left.all:
                self._vault.record(self._destroying(masters, left, version, who))
                self._destroy(masters, left, version)

    def _destroying(self, masters: Masters, left: Places, version: int, who: str) -> list[Event]:
        told = [deed(self._now(), Act.RETIRED, who, f"{_RETIRED} {version}")]
        for kind, number in sorted(left.all):
            check, place = masters.check_value((kind, number)), f"{_DESTROYED}: {left.place((kind, number))}"
            told.append(Event(self._now(), Act.DESTROYED, Level.SCHOOL, kind, number, check, who, place))
        return told

    def _destroy(self, masters: Masters, left: Places, version: int) -> None:
        if masters.token is not None:
            for kind, number in sorted(left.token):
                masters.token.destroy(kind, number)
            make_durable()
        if left.store:
            self._vault.write(retired_store(masters.store, version))

    def purchase_versions(self, masters: Masters) -> tuple[int, ...]:
        """The versions that a PSAM has to hold now."""
        return tuple(sorted(masters.places.versions(KeyKind.PURCHASE) - retired(self._campus.data)))

    def _adopted(self) -> list[dict[str, Any]]:
        campus = self._campus.inventory
        register, rows = Register(campus.campus), []
        for row in campus.psams:
            made = register.adopt(row.psam, row.device, VERSIONS, "", row.issued)
            for one in made:
                register.apply(one)
            rows += made
        return rows

    @contextmanager
    def _journal(self) -> Iterator[Journal]:
        with open_journal(self._vault.folder / VERSIONS_JOURNAL) as journal:
            yield journal


def _versions(rows: list[dict[str, Any]]) -> tuple[int, frozenset[int]]:
    current, retired = VERSIONS[0], set()
    for row in rows:
        if row.get("row") == "issuing":
            current = row["version"]
        elif row.get("row") == "retired":
            retired.add(row["version"])
        else:
            raise RuleBroken(Text("版本日志中有未知种类的行", "the journal of versions has a row of unknown kind"))
    return current, frozenset(retired)
