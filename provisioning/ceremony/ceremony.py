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

from provisioning.custody.chain import HEAD_WORDS
from provisioning.keys.components import OFFICERS_LEAST, OFFICERS_MOST
from provisioning.keys.levels import MASTERS
from provisioning.keys.store import KeyKind
from shared.clocks.clock import time_text
from shared.errors import ConfigFault, RuleBroken
from shared.purse.suite import SUITES, TRIPLE_DES, Suite
from shared.words.voice import Text

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
            raise RuleBroken(Text("此行不是仪式的开始", "the row begins no ceremony")) from fault


def terms(
    ceremony: str, campus: int, region: int, version: int, officers: Sequence[str], algorithm: str = TRIPLE_DES.name
) -> Terms:
    """Judged terms; ConfigFault."""
    named = tuple(officer.strip() for officer in officers)
    if not OFFICERS_LEAST <= len(named) <= OFFICERS_MOST or not all(named):
        raise ConfigFault(
            Text(
                f"须有 {OFFICERS_LEAST} 或 {OFFICERS_MOST} 名保管员",
                f"wants {OFFICERS_LEAST} or {OFFICERS_MOST} officers",
            )
        )
    if len(set(named)) < len(named):
        raise ConfigFault(Text("一人不能兼任两名保管员", "one person cannot be two officers"))
    if not (1 <= campus <= 0xFFFF and 1 <= region <= 0xFFFF and 1 <= version <= 0xFF):
        raise ConfigFault(
            Text(
                "学校号、地区号应为 1..65535，版本应为 1..255",
                "the numbers of campus and region are 1..65535, the version 1..255",
            )
        )
    if algorithm not in SUITES:
        raise ConfigFault(
            Text(f"算法应为其中之一：{', '.join(SUITES)}", f"the algorithm must be one of {', '.join(SUITES)}")
        )
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

    def next_step(self) -> Text:
        """What is due, for people."""
        due = {
            Phase.COLLECTING: Text(
                f"保管员分别录入分量：{'、'.join(self.missing)}",
                f"each officer enters his components alone: {', '.join(self.missing)}",
            ),
            Phase.READY: Text("全体保管员到场，合成根密钥：join", "all officers together make the root masters: join"),
            Phase.JOINED: Text(
                "逐级分散，根 → 地区 → 学校：derive", "derive the region's and the school's masters: derive"
            ),
            Phase.DERIVED: Text("签署仪式记录，结束：close", "sign the minutes and end: close"),
            Phase.CLOSED: Text("仪式已结束", "the ceremony is closed"),
            Phase.ABORTED: Text("仪式已中止", "the ceremony was aborted"),
        }
        return due[self.phase]

    # --- rows of the steps ----------------------------------------------------------------------------------------

    def component(self, officer: str, checks: Checks, at: int) -> dict[str, Any]:
        """This officer has entered his components."""
        if officer not in self.terms.officers:
            raise OutOfTurn(
                Text(f"{officer[:60]!r} 不在保管员名单", f"{officer[:60]!r} is no officer of this ceremony")
            )
        if officer in self.components:
            raise OutOfTurn(Text(f"{officer} 已录入过", f"{officer} has entered his components already"))
        self._require(Phase.COLLECTING)
        if set(checks) != {kind.value for kind in self.terms.kinds}:
            raise OutOfTurn(Text("分量不齐，每种密钥须有一份", "wants one component of each kind"))
        for other, known in self.components.items():
            same = sorted(kind for kind, check in checks.items() if known[kind] == check)
            if same:
                told = ", ".join(same)
                raise OutOfTurn(
                    Text(f"与 {other} 的分量校验值相同：{told}", f"the same check value as {other}'s component: {told}")
                )
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
            raise OutOfTurn(
                Text(
                    f"已有主密钥，不能中止；下一步：{self.next_step().zh}",
                    f"masters exist, so it cannot be aborted; next: {self.next_step().en}",
                )
            )
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
                raise RuleBroken(Text("仪式日志中有未知种类的行", "the ceremony's journal has a row of unknown kind"))
        self.rows.append(dict(row))

    def _require(self, phase: Phase) -> None:
        if self.phase is not phase:
            raise OutOfTurn(Text(f"此步未到；下一步：{self.next_step().zh}", f"not due; next: {self.next_step().en}"))


def minutes(ceremony: Ceremony, custody_head: bytes) -> str:
    """仪式记录: who, when, check values; no secret. To be printed, signed and kept with the custody log."""
    told = ceremony.terms
    parts = [
        Text("密钥仪式记录\n", "Minutes of a key ceremony\n"),
        Text(f"编号          {told.ceremony}", f"ceremony      {told.ceremony}"),
        Text(
            f"学校          {told.campus}    地区 {told.region}    密钥版本 {told.version}",
            f"campus        {told.campus}    region {told.region}    key version {told.version}",
        ),
        Text(f"算法          {told.algorithm}", f"algorithm     {told.algorithm}"),
        Text(f"保管员        {'、'.join(told.officers)}", f"officers      {', '.join(told.officers)}"),
        f"{HEAD_WORDS}  {custody_head.hex()}\n",
        *(_row_text(row) for row in ceremony.rows),
        Text("\n签名：", "\nsigned:"),
        *(f"  {officer}  ____________________" for officer in told.officers),
    ]
    return "".join(f"{part}\n" for part in parts)


_STEPS = {
    "begun": Text("开始", "begun"),
    "component": Text("录入分量", "components entered"),
    "joined": Text("合成根密钥", "root masters joined"),
    "derived": Text("逐级分散", "region and school derived"),
    "closed": Text("结束", "closed"),
    "aborted": Text("中止", "aborted"),
}


def _row_text(row: Mapping[str, Any]) -> str:
    who = row.get("officer") or row.get("who", "")
    head = f"{time_text(row['at'])}  {_STEPS[row['row']]}  {who}  {row.get('reason', '')}".rstrip()
    return "\n".join([head, *(f"    {name:<24}KCV {check}" for name, check in row.get("checks", {}).items())])
