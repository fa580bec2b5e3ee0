"""What the centre tells of documents 下发文件, jobs 任务, firmware 固件: made, over, not made, what is reported."""

from dataclasses import dataclass

from shared.facts.told import Level, Told


@dataclass(frozen=True)
class DocumentMade(Told):
    code, level = "document-made", Level.NOTICE
    zh = "{kind:document}第 {generation} 版已签发，{length} 字节，{who}"
    en = "{kind:document}, generation {generation}, is made and signed, {length} bytes: {who}"
    kind: str
    generation: int
    length: int
    who: str


@dataclass(frozen=True)
class DocumentUnmade(Told):
    code, level = "document-unmade", Level.URGENT
    zh = "{kind:document}的新版无法制作，终端仍用旧版：{fault}"
    en = "a new generation of {kind:document} cannot be made, terminals keep the old one: {fault}"
    kind: str
    fault: str


@dataclass(frozen=True)
class DocumentForkInUse(Told):
    code, case, level = "document-fork", "centre", Level.URGENT
    zh = "终端在用的{kind:document}第 {generation} 版，不是中心签发的那一份"
    en = "{kind:document}, generation {generation}: what a terminal uses is not what the centre has made"
    kind: str
    generation: int


@dataclass(frozen=True)
class DocumentForkHeld(Told):
    code, case, level = "document-fork", "held", Level.URGENT
    zh = "网关持有的{kind:document}第 {generation} 版，不是中心签发的那一份"
    en = "{kind:document}, generation {generation}: what a box holds is not what the centre has made"
    kind: str
    generation: int


@dataclass(frozen=True)
class DocumentAhead(Told):
    code, level = "document-ahead", Level.URGENT
    zh = "现场已有{kind:document}第 {generation} 版，中心只做到第 {newest} 版：账本可能放回过旧的"
    en = "{kind:document}: generation {generation} is in use, the centre has made {newest}: was a ledger put back?"
    kind: str
    generation: int
    newest: int


@dataclass(frozen=True)
class DocumentBehind(Told):
    code, level = "document-behind", Level.IMPORTANT
    zh = "终端 {terminal} 在线，{kind:document}却停在第 {generation} 版（应为第 {newest} 版）已 {seconds} 秒"
    en = "terminal {terminal} is online, its {kind:document} is at {generation} instead of {newest} since {seconds} s"
    kind: str
    terminal: str
    generation: int
    newest: int
    seconds: int


@dataclass(frozen=True)
class JobMade(Told):
    code, level = "job-made", Level.NOTICE
    zh = "任务 {job}：{verb:order} {count} 台终端，{who}：{reason}"
    en = "job {job}: {verb:order} to {count} terminals, by {who}: {reason}"
    job: int
    verb: str
    count: int
    who: str
    reason: str


@dataclass(frozen=True)
class JobOver(Told):
    code, level = "job-over", Level.NOTICE
    zh = "任务 {job}（{verb:order}）结束：完成 {done}，未成 {failed}，取消 {cancelled}"
    en = "job {job} ({verb:order}) is over: {done} done, {failed} failed, {cancelled} cancelled"
    job: int
    verb: str
    done: int
    failed: int
    cancelled: int


@dataclass(frozen=True)
class JobStopped(Told):
    code, level = "job-stopped", Level.IMPORTANT
    zh = "任务 {job} 停止：{total} 台中 {failed} 台未成，其余 {left} 台不再下发"
    en = "job {job} is stopped: {failed} of {total} terminals failed, {left} are not sent to any more"
    job: int
    failed: int
    total: int
    left: int


@dataclass(frozen=True)
class FirmwareReleased(Told):
    code, level = "firmware-released", Level.NOTICE
    zh = "{model} 固件第 {release} 版（{name}，{length} 字节）已入库，{who}"
    en = "firmware of {model}, release {release} ({name}, {length} bytes), is here: {who}"
    model: str
    release: int
    name: str
    length: int
    who: str


@dataclass(frozen=True)
class FirmwareForged(Told):
    code, level = "firmware-forged", Level.URGENT
    zh = "{who} 带来的固件不是保管员所签：{fault}"
    en = "firmware that {who} brought is not what the officers signed: {fault}"
    fault: str
    who: str


@dataclass(frozen=True)
class RolloutReturned(Told):
    code, level = "rollout-returned", Level.IMPORTANT
    zh = "固件 {release} 自检未过，终端已退回原版（第 {running} 版），升级 {rollout}"
    en = "firmware {release} failed its self-test, the terminal has gone back to release {running}; roll-out {rollout}"
    rollout: int
    release: str
    running: int


@dataclass(frozen=True)
class RolloutMade(Told):
    code, level = "rollout-made", Level.NOTICE
    zh = "升级 {rollout}：固件 {release}，{count} 台，{waves} 批，{who}：{reason}"
    en = "roll-out {rollout}: firmware {release} to {count} terminals in {waves} waves, by {who}: {reason}"
    rollout: int
    release: str
    count: int
    waves: int
    who: str
    reason: str


@dataclass(frozen=True)
class RolloutWave(Told):
    code, level = "rollout-wave", Level.NOTICE
    zh = "升级 {rollout}：第 {wave} 批开始，{count} 台"
    en = "roll-out {rollout}: wave {wave} begins, {count} terminals"
    rollout: int
    wave: int
    count: int


@dataclass(frozen=True)
class RolloutUndecided(Told):
    code, case, level = "rollout-paused", "undecided", Level.IMPORTANT
    zh = "升级 {rollout} 暂停：第 {wave} 批无一台用上，其余 {left} 台等人决定"
    en = "roll-out {rollout} has paused: nobody of wave {wave} came to use it; {left} wait for a person's word"
    rollout: int
    wave: int
    left: int


@dataclass(frozen=True)
class RolloutCanary(Told):
    code, case, level = "rollout-paused", "canary", Level.NOTICE
    zh = "升级 {rollout} 暂停：先行的 {done} 台已用上，请查看后 resume，其余 {left} 台"
    en = "roll-out {rollout} has paused: the first {done} use it; look at them, then resume: {left} terminals are left"
    rollout: int
    done: int
    left: int


@dataclass(frozen=True)
class RolloutFailed(Told):
    code, case, level = "rollout-stopped", "failures", Level.IMPORTANT
    zh = "升级 {rollout} 停止：已开始的 {begun} 台中 {failed} 台未成，其余 {left} 台不再升级"
    en = "roll-out {rollout} is stopped: {failed} of {begun} terminals that were begun failed, {left} are not begun"
    rollout: int
    failed: int
    begun: int
    left: int


@dataclass(frozen=True)
class RolloutStopped(Told):
    code, case, level = "rollout-stopped", "person", Level.NOTICE
    zh = "升级 {rollout} 由 {who} 停止：{reason}"
    en = "roll-out {rollout} is stopped by {who}: {reason}"
    rollout: int
    who: str
    reason: str


@dataclass(frozen=True)
class RolloutOver(Told):
    code, level = "rollout-over", Level.NOTICE
    zh = "升级 {rollout} 结束：在用 {done}，未成 {failed}，未升 {left}"
    en = "roll-out {rollout} is over: {done} use it, {failed} failed, {left} were left out"
    rollout: int
    done: int
    failed: int
    left: int
