"""A key ceremony as a pure state machine: who came, which check values were read, what is next. Holds no secret.

begun → a component of every officer, each apart → joined → derived → closed; or aborted. It can be broken off between
any two steps and taken up by whoever is next. Refuses an officer who is not named or comes twice, two officers of one
name or with one component, a step before its time (saying what is missing), another set of check values when a step is
repeated. The rows are the ceremony's journal; the minutes 仪式记录 are made from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from provisioning.keys.components import OFFICERS_LEAST, OFFICERS_MOST
from provisioning.keys.levels import MASTERS
from provisioning.keys.store import KeyKind
from shared.clocks.clock import time_text
from shared.errors import ConfigFault, RuleBroken
from shared.purse.suite import SUITES, TRIPLE_DES, Suite

Checks = Mapping[str, str]
"""Kind (behind its level, where several are told) → check value in hex."""


class Phase(StrEnum):
    """Where a ceremony stands."""

    COLLECTING = "collecting"
    READY = "ready"
    JOINED = "joined"
    DERIVED = "derived"
    CLOSED = "closed"
    ABORTED = "aborted"


class OutOfTurn(ConfigFault):
    """Happens when a step is not due: the text says what is."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the ceremony is for: these kinds of root masters, in this version, for a school of a region.

    algorithm: what the money keys run, by the name in shared.purse.suite.SUITES.
    """

    ceremony: str
    campus: int
    region: int
    version: int
    officers: tuple[str, ...]
    kinds: tuple[KeyKind, ...] = MASTERS
    algorithm: str = TRIPLE_DES.name

    @property
    def suite(self) -> Suite:
        return SUITES[self.algorithm]

    def to_row(self, who: str, at: int) -> dict[str, Any]:
        """The first row."""
        named = {"ceremony": self.ceremony, "campus": self.campus, "region": self.region, "version": self.version}
        return {"row": "begun"} | named | {
            "officers": list(self.officers), "kinds": [kind.value for kind in self.kinds],
            "algorithm": self.algorithm, "who": who, "at": at,
        }  # fmt: skip

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Terms:
        """RuleBroken when the row begins no ceremony."""
        try:
            kinds = tuple(map(KeyKind, row["kinds"]))
            head = (row["ceremony"], row["campus"], row["region"], row["version"])
            algorithm = row.get("algorithm", TRIPLE_DES.name)  # journals of earlier releases have none
            return cls(*head, tuple(row["officers"]), kinds, SUITES[algorithm].name)
        except (KeyError, ValueError) as fault:
            raise RuleBroken("the row begins no ceremony") from fault


def terms(
    ceremony: str, campus: int, region: int, version: int, officers: Sequence[str], algorithm: str = TRIPLE_DES.name
) -> Terms:
    """Judged terms; ConfigFault."""
    named = tuple(officer.strip() for officer in officers)
    if not OFFICERS_LEAST <= len(named) <= OFFICERS_MOST or not all(named):
        raise ConfigFault(f"须有 {OFFICERS_LEAST} 或 {OFFICERS_MOST} 名保管员 / wants two or three officers")
    if len(set(named)) < len(named):
        raise ConfigFault("一人不能兼任两名保管员 / one person cannot be two officers")
    if not (1 <= campus <= 0xFFFF and 1 <= region <= 0xFFFF and 1 <= version <= 0xFF):
        raise ConfigFault("校园号、地区号 1..65535，版本 1..255 / campus and region number, version out of bounds")
    if algorithm not in SUITES:
        raise ConfigFault(f"算法应为 / the algorithm must be one of {', '.join(SUITES)}")
    return Terms(ceremony, campus, region, version, named, algorithm=algorithm)


@dataclass(slots=True)
class Ceremony:
    """The state. Feed it rows; ask it for the row of the next step; make that durable; apply it."""

    terms: Terms
    rows: list[dict[str, Any]] = field(default_factory=list)
    components: dict[str, Checks] = field(default_factory=dict)
    roots: Checks = field(default_factory=dict)
    derived: Checks = field(default_factory=dict)
    ended: Phase | None = None

    @classmethod
    def of_rows(cls, rows: Iterable[Mapping[str, Any]]) -> Ceremony:
        """From the journal; RuleBroken when a row cannot follow."""
        numbered = iter(rows)
        first = next(numbered, {})
        ceremony = cls(Terms.of_row(first), [dict(first)])
        for row in numbered:
            ceremony.apply(row)
        return ceremony

    @property
    def phase(self) -> Phase:
        if self.ended is not None:
            return self.ended
        if self.derived:
            return Phase.DERIVED
        if self.roots:
            return Phase.JOINED
        return Phase.COLLECTING if self.missing else Phase.READY

    @property
    def missing(self) -> tuple[str, ...]:
        """Officers who have not been here."""
        return tuple(officer for officer in self.terms.officers if officer not in self.components)

    def next_step(self) -> str:
        """What is due, for people."""
        due = {
            Phase.COLLECTING: f"保管员分别录入分量 / each enters his components alone: {', '.join(self.missing)}",
            Phase.READY: "全体保管员到场，合成 / all officers together: join",
            Phase.JOINED: "逐级分散：根 → 地区 → 学校 / derive the region's and the school's masters",
            Phase.DERIVED: "签署仪式记录，结束 / sign the minutes: close",
            Phase.CLOSED: "仪式已结束 / closed",
            Phase.ABORTED: "仪式已中止 / aborted",
        }
        return due[self.phase]

    # --- rows of the steps ----------------------------------------------------------------------------------------

    def component(self, officer: str, checks: Checks, at: int) -> dict[str, Any]:
        """This officer has entered his components."""
        if officer not in self.terms.officers:
            raise OutOfTurn(f"{officer[:60]!r} 不在保管员名单 / is no officer of this ceremony")
        if officer in self.components:
            raise OutOfTurn(f"{officer} 已录入过 / has entered his components already")
        self._require(Phase.COLLECTING)
        if set(checks) != {kind.value for kind in self.terms.kinds}:
            raise OutOfTurn("分量不齐 / wants one component of each kind")
        for other, known in self.components.items():
            same = sorted(kind for kind, check in checks.items() if known[kind] == check)
            if same:
                told = ", ".join(same)
                raise OutOfTurn(f"与 {other} 的分量相同 / the same check value as {other}'s component: {told}")
        return {"row": "component", "officer": officer, "checks": dict(checks), "at": at}

    def join(self, checks: Checks, at: int) -> dict[str, Any]:
        """All together: the root masters exist."""
        self._require(Phase.READY)
        return {"row": "joined", "checks": dict(checks), "at": at}

    def derive(self, checks: Checks, at: int) -> dict[str, Any]:
        """The masters of region and school exist; keys of checks are LEVEL:KIND."""
        self._require(Phase.JOINED)
        return {"row": "derived", "checks": dict(checks), "at": at}

    def close(self, who: str, at: int) -> dict[str, Any]:
        """The minutes are written."""
        self._require(Phase.DERIVED)
        return {"row": "closed", "who": who, "at": at}

    def abort(self, who: str, reason: str, at: int) -> dict[str, Any]:
        """Not to be taken up again. A ceremony that has made keys is closed, not aborted: its version is retired."""
        if self.phase not in (Phase.COLLECTING, Phase.READY):
            raise OutOfTurn(f"已有主密钥，不能中止：{self.next_step()} / masters exist: it cannot be aborted")
        return {"row": "aborted", "who": who, "reason": reason, "at": at}

    def apply(self, row: Mapping[str, Any]) -> None:
        """Take a row that is durable; RuleBroken when it is none of ours."""
        match row.get("row"):
            case "component":
                self.components[row["officer"]] = row["checks"]
            case "joined":
                self.roots = row["checks"]
            case "derived":
                self.derived = row["checks"]
            case "closed" | "aborted":
                self.ended = Phase(row["row"])
            case _:
                raise RuleBroken("the ceremony's journal has a row of unknown kind")
        self.rows.append(dict(row))

    def _require(self, phase: Phase) -> None:
        if self.phase is not phase:
            raise OutOfTurn(f"此步未到：{self.next_step()} / not due")


def minutes(ceremony: Ceremony, custody_head: bytes) -> str:
    """仪式记录: who, when, check values; no secret. To be printed, signed and kept with the custody log."""
    told = ceremony.terms
    parts = [
        "密钥仪式记录 / Minutes of a key ceremony\n",
        f"编号 ceremony    {told.ceremony}",
        f"学校 campus      {told.campus}    地区 region {told.region}    密钥版本 key version {told.version}",
        f"算法 algorithm   {told.algorithm}",
        f"保管员 officers  {', '.join(told.officers)}",
        f"保管日志链头 head of the custody log  {custody_head.hex()}\n",
        *(_row_text(row) for row in ceremony.rows),
        "\n签名 / signed:",
        *(f"  {officer}  ____________________" for officer in told.officers),
    ]
    return "\n".join(parts) + "\n"


_STEPS = {
    "begun": "开始 begun",
    "component": "录入分量 components entered",
    "joined": "合成根密钥 root masters joined",
    "derived": "逐级分散 region and school derived",
    "closed": "结束 closed",
    "aborted": "中止 aborted",
}


def _row_text(row: Mapping[str, Any]) -> str:
    who = row.get("officer") or row.get("who", "")
    head = f"{time_text(row['at'])}  {_STEPS[row['row']]}  {who}  {row.get('reason', '')}".rstrip()
    return "\n".join([head, *(f"    {name:<24}KCV {check}" for name, check in row.get("checks", {}).items())])
