"""Rotation and PSAM register on disk: DATA/keys/versions.journal and psam.journal, and the facts they give together.

Without a journal version 1 is in use and nothing is retired. The register takes in the PSAMs that the campus was made
with when it is first opened for change.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from provisioning.campus_facts import CampusFacts
from provisioning.custody_chain import Act, deed
from provisioning.journal import Journal, open_journal, read_journal
from provisioning.key_store import KeyKind, KeyStore, Level
from provisioning.key_vault import Vault
from provisioning.levels import VERSIONS
from provisioning.production_files import leased_expiries
from provisioning.psam_register import Register
from provisioning.rotation import (
    Facts,
    held_versions,
    last_expiries,
    require_issue,
    require_retire,
    retired_store,
)
from shared.errors import ConfigFault, RuleBroken

KEYS, VERSIONS_JOURNAL, PSAMS_JOURNAL = "keys", "versions.journal", "psam.journal"


def issuing(data: Path) -> int:
    """The version that new cards carry."""
    return _versions(read_journal(data / KEYS / VERSIONS_JOURNAL))[0]


class Desk:
    """The key desk of a campus: its PSAM register and its versions. now: campus seconds."""

    def __init__(self, campus: CampusFacts, vault: Vault, now: Callable[[], int]) -> None:
        self._campus = campus
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

    def facts(self) -> Facts:
        """Everything that a rotation is judged by."""
        current, retired = _versions(read_journal(self._vault.folder / VERSIONS_JOURNAL))
        school = self.school()
        known = [(card.key_version, card.expires) for card in self._campus.inventory.cards]
        expiries = last_expiries([*known, *leased_expiries(self._campus.data)])
        return Facts(held_versions(school), current, retired, self.register().live, expiries)

    def school(self) -> KeyStore:
        """The school's store; ConfigFault when there is none."""
        school = self._vault.read(Level.SCHOOL)
        if school is None:
            raise ConfigFault("没有学校密钥库 / there is no store of the school")
        return school

    def issue(self, version: int, who: str) -> None:
        """From now on new cards carry this version; that it does already is a success."""
        with self._journal() as journal:
            facts = self.facts()
            if facts.issuing == version:
                return
            require_issue(facts, version)
            self._vault.record([deed(self._now(), Act.ROTATED, who, f"启用版本 cards carry version {version}")])
            journal.append({"row": "issuing", "version": version, "who": who, "at": self._now()})

    def retire(self, version: int, who: str) -> None:
        """The version goes; its TAC master stays. The row comes first: a store that still has it is cut again."""
        with self._journal() as journal:
            facts = self.facts()
            if version not in facts.retired:
                require_retire(facts, version, self._now())
                self._vault.record([deed(self._now(), Act.RETIRED, who, f"停用版本 retired version {version}")])
                journal.append({"row": "retired", "version": version, "who": who, "at": self._now()})
            self._vault.write(retired_store(self.school(), version))

    def purchase_versions(self) -> tuple[int, ...]:
        """The versions that a PSAM made now gets."""
        retired = self.facts().retired
        return tuple(sorted(set(self.school().versions(KeyKind.PURCHASE)) - retired))

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
            raise RuleBroken("the journal of versions has a row of unknown kind")
    return current, frozenset(retired)
