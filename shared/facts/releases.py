"""Releases of boxes 网关发行, and who understands whom: taken in, rolled out, gone back, not understood."""

from dataclasses import dataclass

from shared.facts.told import Level, Told


@dataclass(frozen=True)
class BoxReleaseHere(Told):
    code, level = "box-release-here", Level.NOTICE
    zh = "网关发行 {release}（{name}，{length} 字节）已入库，{who}"
    en = "box release {release} ({name}, {length} bytes) is here: {who}"
    release: str
    name: str
    length: int
    who: str


@dataclass(frozen=True)
class BoxReleaseForged(Told):
    code, level = "box-release-forged", Level.URGENT
    zh = "{who} 带来的网关发行不是保管员所签：{fault}"
    en = "a box release that {who} brought is not what the officers signed: {fault}"
    fault: str
    who: str


@dataclass(frozen=True)
class BoxReleaseBack(Told):
    code, level = "box-release-back", Level.IMPORTANT
    zh = "网关 {box} 未用上发行 {release}（{why:back}{words:aside}），仍运行 {running}；升级 {rollout}"
    en = "box {box} has not kept release {release} ({why:back}{words:aside}) and runs {running}; roll-out {rollout}"
    box: str
    release: str
    why: str
    words: str
    running: str
    rollout: int


@dataclass(frozen=True)
class BoxRolloutMade(Told):
    code, level = "box-rollout-made", Level.NOTICE
    zh = "网关升级 {rollout}：发行 {release}，{count} 台，{waves} 批，{who}：{reason}"
    en = "roll-out {rollout} of boxes: release {release} to {count} boxes in {waves} waves, by {who}: {reason}"
    rollout: int
    release: str
    count: int
    waves: int
    who: str
    reason: str


@dataclass(frozen=True)
class BoxRolloutHeld(Told):
    code, level = "box-rollout-held", Level.IMPORTANT
    zh = "网关升级 {rollout} 停下等人：在用 {done}，未成 {failed}，未升 {left}"
    en = "roll-out {rollout} of boxes waits for a person: {done} use it, {failed} failed, {left} are left"
    rollout: int
    done: int
    failed: int
    left: int


@dataclass(frozen=True)
class BoxRolloutOver(Told):
    code, level = "box-rollout-over", Level.NOTICE
    zh = "网关升级 {rollout} 结束：在用 {done}，未成 {failed}，未升 {left}"
    en = "roll-out {rollout} of boxes is over: {done} use it, {failed} failed, {left} were left out"
    rollout: int
    done: int
    failed: int
    left: int


@dataclass(frozen=True)
class VersionsApart(Told):
    code, level = "versions-apart", Level.URGENT
    zh = "网关与平台版本相差太远，平台不收其流水（都在网关上保存着）：网关 {box}，平台 {ledger}"
    en = "box and platform are too far apart, records wait at the box and none is lost: box {box}, platform {ledger}"
    box: str
    ledger: str
