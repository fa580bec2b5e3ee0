"""Rotation of the card masters with overlap 密钥轮换: what may be done next, and why not yet. Pure.

A version covers all masters of a card, for the record of a purchase names one version and its TAC is checked with it.
made (ceremony) → in every live PSAM → issued onto new cards → the older one expires with its last card → retired. PSAMs
carry both versions before any card carries the new one, so no card ever meets a PSAM that cannot answer it. Refuses a
step out of order, with the reason and the names of what is in the way. Retiring destroys the masters of that version
that go (places.GOES), in the sealed store and in a token; a late record stays provable. PSAMs lose theirs one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from provisioning.keys.places import GOES, Places
from provisioning.keys.store import KeyKind, KeyStore
from provisioning.psam.register import PsamEntry
from shared.clocks.clock import time_text
from shared.errors import ConfigFault
from shared.words.voice import Text

NAMED_MAX = 5
"""So many PSAMs are named in a refusal; the rest are counted."""


class RotationRefused(ConfigFault):
    """Happens when a step of a rotation is not due: the text says what is in the way."""


class Stage(StrEnum):
    """How far a version has come."""

    MADE = "made"
    IN_PSAMS = "in-psams"
    ISSUING = "issuing"
    EXPIRING = "expiring"
    RETIRED = "retired"

    @property
    def said(self) -> Text:
        """For people."""
        return _SAID[self]


_SAID = {
    Stage.MADE: Text("已生成", "made"),
    Stage.IN_PSAMS: Text("已写入 PSAM", "in the PSAMs"),
    Stage.ISSUING: Text("发卡用", "issuing"),
    Stage.EXPIRING: Text("等旧卡到期", "expiring"),
    Stage.RETIRED: Text("停用", "retired"),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """held: versions with a purchase, load and TAC master; last_expiry: campus second, by version of cards out.

    places: where the masters are.
    """

    held: frozenset[int]
    issuing: int
    retired: frozenset[int]
    psams: tuple[PsamEntry, ...]
    last_expiry: Mapping[int, int]
    places: Places = field(default_factory=Places)

    def without(self, version: int) -> tuple[PsamEntry, ...]:
        """Live PSAMs that lack the version."""
        return tuple(psam for psam in self.psams if version not in psam.versions)

    def carrying(self, version: int) -> tuple[PsamEntry, ...]:
        """Live PSAMs that have the version."""
        return tuple(psam for psam in self.psams if version in psam.versions)

    def stage(self, version: int) -> Stage:
        """Of a version that is held or retired."""
        if version in self.retired:
            return Stage.RETIRED
        if version == self.issuing:
            return Stage.ISSUING
        if version < self.issuing:
            return Stage.EXPIRING
        return Stage.MADE if self.without(version) else Stage.IN_PSAMS


def held_versions(places: Places) -> frozenset[int]:
    """Versions of which the school has all that moves money."""
    kinds = (KeyKind.PURCHASE, KeyKind.LOAD, KeyKind.TAC)
    return frozenset.intersection(*map(places.versions, kinds))


def last_expiries(cards: Iterable[tuple[int, int]]) -> dict[int, int]:
    """When the last card of each version expires; cards: version and expiry of each."""
    last: dict[int, int] = {}
    for version, expires in cards:
        last[version] = max(expires, last.get(version, 0))
    return last


def require_new(facts: Facts) -> int:
    """The version that a new rotation would make; refused while another one is under way."""
    newest = max(facts.held | facts.retired, default=0)
    if newest > facts.issuing:
        step = next_step(facts, newest, 0)
        raise RotationRefused(
            Text(f"版本 {newest} 尚未启用：{step.zh}", f"version {newest} is not in use yet: {step.en}")
        )
    return newest + 1


def require_issue(facts: Facts, version: int) -> None:
    """May new cards carry this version?"""
    if version not in facts.held or version in facts.retired:
        raise RotationRefused(
            Text(f"没有版本 {version} 的主密钥：先办密钥仪式", f"no masters of version {version}: hold a ceremony")
        )
    if version < facts.issuing:
        raise RotationRefused(
            Text(f"现行版本是 {facts.issuing}，不能退回", f"version {facts.issuing} is in use: no way back")
        )
    lacking = facts.without(version)
    if lacking:
        raise RotationRefused(
            Text(
                f"{len(lacking)} 个 PSAM 还没有版本 {version}：{_named(lacking)}",
                f"{len(lacking)} PSAMs lack version {version}: {_named(lacking)}",
            )
        )


def require_retire(facts: Facts, version: int, now_s: int) -> None:
    """May this version go?"""
    if version in facts.retired or version not in facts.held:
        raise RotationRefused(Text(f"没有版本 {version}", f"there is no version {version}"))
    if version >= facts.issuing:
        raise RotationRefused(Text(f"版本 {version} 在用或未用", f"version {version} is in use, or not yet used"))
    last = facts.last_expiry.get(version, 0)
    if last > now_s:
        raise RotationRefused(
            Text(
                f"还有版本 {version} 的卡，{time_text(last)} 到期",
                f"cards of version {version} are valid until {time_text(last)}",
            )
        )


def next_step(facts: Facts, version: int, now_s: int) -> Text:
    """What this version waits for, for people."""
    match facts.stage(version):
        case Stage.MADE:
            lacking = facts.without(version)
            return Text(
                f"写入还没有它的 {len(lacking)} 个 PSAM（psam renew）：{_named(lacking)}",
                f"write it to the {len(lacking)} PSAMs that lack it (psam renew): {_named(lacking)}",
            )
        case Stage.IN_PSAMS:
            return Text("可启用（rotate issue）", "new cards may carry it (rotate issue)")
        case Stage.ISSUING:
            return Text("现行", "in use")
        case Stage.EXPIRING:
            last = facts.last_expiry.get(version, 0)
            waiting = Text(f"等旧卡到期 {time_text(last)}", f"its cards expire {time_text(last)}")
            return waiting if last > now_s else Text("可停用（rotate retire）", "may be retired (rotate retire)")
        case Stage.RETIRED:
            return _after_retiring(facts, version)


def _after_retiring(facts: Facts, version: int) -> Text:
    left, carrying = facts.places.to_destroy(version), facts.carrying(version)
    told = [Text("已停用", "retired")]
    if left.all:
        told.append(
            Text(
                f"尚有 {len(left.all)} 把主密钥未销毁：再执行 rotate retire",
                f"{len(left.all)} masters are still there: rotate retire again",
            )
        )
    if carrying:
        told.append(
            Text(
                f"{len(carrying)} 个 PSAM 还带着它（psam renew）：{_named(carrying)}",
                f"{len(carrying)} PSAMs still carry it (psam renew): {_named(carrying)}",
            )
        )
    return Text("；".join(one.zh for one in told), "; ".join(one.en for one in told))


def retired_store(school: KeyStore, version: int) -> KeyStore:
    """The store without the masters of that version that go."""
    keys = tuple(key for key in school.keys if key.version != version or key.kind not in GOES)
    return KeyStore(school.level, school.campus, keys)


def _named(psams: Sequence[PsamEntry]) -> str:
    names = ", ".join(psam.psam.hex() for psam in psams[:NAMED_MAX])
    return names + (f" … +{len(psams) - NAMED_MAX}" if len(psams) > NAMED_MAX else "")
