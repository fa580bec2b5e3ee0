"""What the centre tells of documents 下发文件 and jobs 任务: made, over, not made, and what terminals report."""

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
