"""What the ledger tells of the deeds of people: hotlist, grants, card desks, thefts, held takings."""

from dataclasses import dataclass

from shared.facts.told import Level, Told


@dataclass(frozen=True)
class Hotlisted(Told):
    code, case, level = "hotlisted", "on", Level.NOTICE
    zh = "列入黑名单：卡 {card}"
    en = "put on the hotlist: card {card}"
    card: bytes


@dataclass(frozen=True)
class Unlisted(Told):
    code, case, level = "hotlisted", "off", Level.NOTICE
    zh = "移出黑名单：卡 {card}"
    en = "taken off the hotlist: card {card}"
    card: bytes


@dataclass(frozen=True)
class HotlistPolicy(Told):
    code, level = "hotlist-policy", Level.IMPORTANT
    zh = "自动列入黑名单的账目发现改为：{findings:finding}，{who}"
    en = "findings that put a card on the hotlist are now: {findings:finding}, {who}"
    findings: str
    who: str


@dataclass(frozen=True)
class Granted(Told):
    code, level = "granted", Level.NOTICE
    zh = "发放 {fen:yuan}，由{payer:payer}：卡 {card}，{reason}"
    en = "granted {fen:yuan} from {payer:payer}: card {card}, {reason}"
    fen: int
    payer: str
    card: bytes
    reason: str


@dataclass(frozen=True)
class CashOver(Told):
    code, case, level = "cash-difference", "over", Level.IMPORTANT
    zh = "日结 {cashier}：长款 {fen:yuan}，卡 {cards:signed}"
    en = "day close of {cashier}: over {fen:yuan}, cards {cards:signed}"
    cashier: str
    fen: int
    cards: int


@dataclass(frozen=True)
class CashShort(Told):
    code, case, level = "cash-difference", "short", Level.IMPORTANT
    zh = "日结 {cashier}：短款 {fen:yuan}，卡 {cards:signed}"
    en = "day close of {cashier}: short {fen:yuan}, cards {cards:signed}"
    cashier: str
    fen: int
    cards: int


@dataclass(frozen=True)
class CardLife(Told):
    code, level = "card-life", Level.NOTICE
    zh = "卡务 {card}：{deed:deed}，{cashier}"
    en = "card {card}: {deed:deed}, {cashier}"
    card: str
    deed: str
    cashier: str


@dataclass(frozen=True)
class SpareCard(Told):
    code, level = "spare-card", Level.NOTICE
    zh = "备用卡 {card}：{act:spare}，{cashier}"
    en = "spare card {card}: {act:spare}, {cashier}"
    card: str
    act: str
    cashier: str


@dataclass(frozen=True)
class SpareOverdue(Told):
    code, level = "spare-overdue", Level.IMPORTANT
    zh = "备用卡 {card} 逾期未还，已停用：{person} {place}"
    en = "spare card {card} is overdue and refused now: {person} {place}"
    card: str
    person: str
    place: str


@dataclass(frozen=True)
class SpareBack(Told):
    code, level = "spare-back", Level.NOTICE
    zh = "逾期备用卡 {card} 已了结：{act:spare}，{cashier}"
    en = "the overdue spare card {card} is seen to: {act:spare}, {cashier}"
    card: str
    act: str
    cashier: str


@dataclass(frozen=True)
class BlockPrank(Told):
    code, case, level = "block-prank", "told", Level.NOTICE
    zh = "卡 {card} 的挂失是恶作剧：报告人 {person}，来自 {address}，近 30 天第 {times} 次"
    en = "the report of card {card} was a prank: by person {person}, from {address}, the {times}. in 30 days"
    card: str
    person: int
    address: str
    times: int


@dataclass(frozen=True)
class BlockRefused(Told):
    code, case, level = "block-prank", "refused", Level.IMPORTANT
    zh = "卡 {card} 的他人挂失未受理：报告人近 30 天恶作剧 {times} 次；请核实"
    en = "a report of card {card} by somebody else was not taken: {times} pranks of his in 30 days; look into it"
    card: str
    times: int


@dataclass(frozen=True)
class PsamStolen(Told):
    code, level = "psam-stolen", Level.URGENT
    zh = "PSAM {psam} 被盗挂失，{who}：{reason}"
    en = "PSAM {psam} is reported stolen, {who}: {reason}"
    psam: bytes
    who: str
    reason: str


@dataclass(frozen=True)
class PsamFound(Told):
    code, level = "psam-found", Level.IMPORTANT
    zh = "PSAM {psam} 找回，撤销挂失，{who}：{reason}"
    en = "PSAM {psam} is found again, {who}: {reason}"
    psam: bytes
    who: str
    reason: str


@dataclass(frozen=True)
class DeviceMoveProposed(Told):
    code, level = "device-move-proposed", Level.NOTICE
    zh = "提议 {proposal}：终端 {terminal} 由网关 {former} 移到 {box}，{maker}：{reason}"
    en = "proposal {proposal}: terminal {terminal} moves from box {former} to {box}; {maker}: {reason}"
    proposal: int
    terminal: str
    former: str
    box: str
    maker: str
    reason: str


@dataclass(frozen=True)
class DeviceMoved(Told):
    code, level = "device-moved", Level.IMPORTANT
    zh = "提议 {proposal} 已确认：终端 {terminal} 由 {former} 移到 {box}，原网关认到序号 {last}，{maker} → {checker}"
    en = "proposal {proposal}: {terminal} moved from {former}, its own up to seq {last}, to {box}; {maker} → {checker}"
    proposal: int
    terminal: str
    former: str
    box: str
    last: int
    maker: str
    checker: str


@dataclass(frozen=True)
class EpochProposed(Told):
    code, level = "epoch-proposed", Level.NOTICE
    zh = "提议 {proposal}：放行终端 {terminal} 的存储代 {epoch}，{maker}：{reason}"
    en = "proposal {proposal}: epoch {epoch} of terminal {terminal} is to count; {maker}: {reason}"
    proposal: int
    terminal: str
    epoch: int
    maker: str
    reason: str


@dataclass(frozen=True)
class EpochLetThrough(Told):
    code, level = "epoch-let-through", Level.IMPORTANT
    zh = "提议 {proposal} 已确认：放行终端 {terminal} 的存储代 {epoch}，{maker} → {checker}"
    en = "proposal {proposal}: epoch {epoch} of terminal {terminal} counts from now on; {maker} → {checker}"
    proposal: int
    terminal: str
    epoch: int
    maker: str
    checker: str


@dataclass(frozen=True)
class DeviceOrderRejected(Told):
    code, level = "device-order-rejected", Level.NOTICE
    zh = "提议 {proposal} 已否决：终端 {terminal} 不变，{maker} → {checker}"
    en = "proposal {proposal} is rejected: terminal {terminal} stays as it is; {maker} → {checker}"
    proposal: int
    terminal: str
    maker: str
    checker: str


@dataclass(frozen=True)
class HeldProposed(Told):
    code, level = "held-proposed", Level.NOTICE
    zh = "提议 {proposal}：待核 {entries} 笔 {fen:yuan} 给{side:side}，{maker}：{reason}"
    en = "proposal {proposal}: {entries} held entries, {fen:yuan}, to {side:side}; {maker}: {reason}"
    proposal: int
    entries: int
    fen: int
    side: str
    maker: str
    reason: str


@dataclass(frozen=True)
class HeldReleased(Told):
    code, level = "held-released", Level.NOTICE
    zh = "提议 {proposal} 已确认：待核 {entries} 笔 {fen:yuan} 放行给商户，{maker} → {checker}"
    en = "proposal {proposal}: {entries} held entries, {fen:yuan}, went to the merchant; {maker} → {checker}"
    proposal: int
    entries: int
    fen: int
    maker: str
    checker: str


@dataclass(frozen=True)
class HeldReturned(Told):
    code, level = "held-returned", Level.NOTICE
    zh = "提议 {proposal} 已确认：待核 {entries} 笔 {fen:yuan} 退还持卡人，{maker} → {checker}"
    en = "proposal {proposal}: {entries} held entries, {fen:yuan}, went back to the holders; {maker} → {checker}"
    proposal: int
    entries: int
    fen: int
    maker: str
    checker: str


@dataclass(frozen=True)
class HeldRejected(Told):
    code, level = "held-rejected", Level.NOTICE
    zh = "提议 {proposal} 已否决：待核 {entries} 笔 {fen:yuan} 不给{side:side}，{maker} → {checker}"
    en = "proposal {proposal} is rejected: {entries} held entries, {fen:yuan}, to {side:side}; {maker} → {checker}"
    proposal: int
    entries: int
    fen: int
    side: str
    maker: str
    checker: str


@dataclass(frozen=True)
class DayClosed(Told):
    code, level = "day-closed", Level.NOTICE
    zh = "{day} 日结：净额 {fen:yuan}，已收齐，{who}"
    en = "{day} is closed: net {fen:yuan}, complete; {who}"
    day: str
    fen: int
    who: str


@dataclass(frozen=True)
class DayClosedOpen(Told):
    code, level = "day-closed-open", Level.IMPORTANT
    zh = "提议 {proposal} 已确认：{day} 带 {gaps} 处缺口日结，净额 {fen:yuan}，{maker} → {checker}"
    en = "proposal {proposal}: {day} is closed with {gaps} named gaps, net {fen:yuan}; {maker} → {checker}"
    proposal: int
    day: str
    gaps: int
    fen: int
    maker: str
    checker: str


@dataclass(frozen=True)
class DayCloseProposed(Told):
    code, level = "day-close-proposed", Level.NOTICE
    zh = "提议 {proposal}：{day} 带 {gaps} 处缺口日结，{maker}：{reason}"
    en = "proposal {proposal}: close {day} with {gaps} named gaps; {maker}: {reason}"
    proposal: int
    day: str
    gaps: int
    maker: str
    reason: str


@dataclass(frozen=True)
class DayCloseRejected(Told):
    code, level = "day-close-rejected", Level.NOTICE
    zh = "提议 {proposal} 已否决：{day} 不注明缺口日结，{maker} → {checker}"
    en = "proposal {proposal} is rejected: {day} is not closed with gaps; {maker} → {checker}"
    proposal: int
    day: str
    maker: str
    checker: str


@dataclass(frozen=True)
class PutBackClosed(Told):
    code, level = "put-back-closed", Level.IMPORTANT
    zh = "放回旧账本所缺 {first}–{last} 号已由两人办结（提议 {proposal}），{maker} → {checker}：{reason}"
    en = (
        "what the put-back ledger lacks, links {first} to {last}, is seen to (proposal {proposal}); "
        "{maker} → {checker}: {reason}"
    )
    proposal: int
    first: int
    last: int
    maker: str
    checker: str
    reason: str


@dataclass(frozen=True)
class DifferenceExplained(Told):
    code, level = "difference-explained", Level.NOTICE
    zh = "差异 {number} 已说明，卡 {card}，{who}：{reason}"
    en = "difference {number} is explained, card {card}, {who}: {reason}"
    number: int
    card: str
    who: str
    reason: str


@dataclass(frozen=True)
class SwapConfirmed(Told):
    code, level = "swap-confirmed", Level.NOTICE
    zh = "换机 {swap} 已确认：{maker} 提议，{checker} 确认"
    en = "swap {swap} is confirmed: proposed by {maker}, confirmed by {checker}"
    swap: int
    maker: str
    checker: str


@dataclass(frozen=True)
class SwapRejected(Told):
    code, level = "swap-rejected", Level.IMPORTANT
    zh = "换机 {swap} 被否决：{maker} 提议，{checker} 否决"
    en = "swap {swap} is rejected: proposed by {maker}, rejected by {checker}"
    swap: int
    maker: str
    checker: str
