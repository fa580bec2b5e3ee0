"""What is told of documents on their way down 下发文件: forged, forked, refused, not kept."""

from dataclasses import dataclass

from shared.facts.told import Level, Told


@dataclass(frozen=True)
class DocumentForged(Told):
    code, case, level = "document-forged", "signature", Level.URGENT
    zh = "下发的{kind:document}签名无效，未采用"
    en = "{kind:document} came down with a wrong signature: not taken"
    kind: str


@dataclass(frozen=True)
class DocumentKeyForged(Told):
    code, case, level = "document-forged", "key", Level.URGENT
    zh = "下发的{kind:document}密钥未经校方认证，未采用"
    en = "a key for {kind:document} came down that the campus has not certified: not taken"
    kind: str


@dataclass(frozen=True)
class DocumentPagesForged(Told):
    code, case, level = "document-forged", "pages", Level.URGENT
    zh = "{kind:document}第 {generation} 版的内容与其签名的摘要不符，未采用"
    en = "{kind:document}, generation {generation}: its bytes are not those of its signed digest, not taken"
    kind: str
    generation: int


@dataclass(frozen=True)
class DocumentFork(Told):
    code, case, level = "document-fork", "offered", Level.URGENT
    zh = "{kind:document}第 {generation} 版有两份不同内容，均有校方签名，后来的未采用"
    en = "{kind:document}, generation {generation}: two different ones, both signed; the later one is not taken"
    kind: str
    generation: int


@dataclass(frozen=True)
class TerminalDocumentFork(Told):
    code, case, level = "document-fork", "in-use", Level.URGENT
    zh = "终端在用的{kind:document}第 {generation} 版与网关的内容不同"
    en = "{kind:document}, generation {generation}: what the terminal uses is not what its box holds"
    kind: str
    generation: int


@dataclass(frozen=True)
class DocumentRefused(Told):
    code, level = "document-refused", Level.IMPORTANT
    zh = "终端未采用{kind:document}第 {generation} 版：{verdict:verdict}"
    en = "a terminal has not taken {kind:document}, generation {generation}: {verdict:verdict}"
    kind: str
    generation: int
    verdict: str


@dataclass(frozen=True)
class DocumentNotWritten(Told):
    code, case, level = "document-not-kept", "disk", Level.IMPORTANT
    zh = "{kind:document}第 {generation} 版未能落盘：{reason:store}；稍后再取"
    en = "{kind:document}, generation {generation}, was not written: {reason:store}; it is fetched again later"
    kind: str
    generation: int
    reason: str


@dataclass(frozen=True)
class DocumentNoRoom(Told):
    code, case, level = "document-not-kept", "room", Level.IMPORTANT
    zh = "网关已无处存放{kind:document}第 {generation} 版（{size} 字节）"
    en = "the box has no room for {kind:document}, generation {generation}, of {size} bytes"
    kind: str
    generation: int
    size: int


@dataclass(frozen=True)
class FirmwareUnheard(Told):
    code, level = "firmware-unheard", Level.IMPORTANT
    zh = "终端 {terminal} 未应答固件第 {release} 版的广播；在线则改为逐页下发，否则待其恢复后再发"
    en = "terminal {terminal} did not answer the broadcast of firmware {release}: it gets pages, or is asked when back"
    release: int
    terminal: str


@dataclass(frozen=True)
class FirmwareReturned(Told):
    code, level = "firmware-returned", Level.IMPORTANT
    zh = "固件第 {release} 版在终端自检未通过，已退回并继续运行第 {running} 版"
    en = "firmware {release} failed its self-test at a terminal, which has gone back and runs {running}"
    release: int
    running: int


@dataclass(frozen=True)
class TrustRefused(Told):
    code, level = "trust-refused", Level.URGENT
    zh = "固件信任链第 {generation} 版不可信，未采用：{fault}"
    en = "the trust chain of firmware, generation {generation}, is not to be believed, not taken: {fault}"
    generation: int
    fault: str
