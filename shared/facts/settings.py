"""What is told of parameters 参数: pushed, tightened by two persons, and how that ends."""

from dataclasses import dataclass

from shared.facts.told import Level, Told


@dataclass(frozen=True)
class ParametersPushed(Told):
    code, level = "parameters-pushed", Level.NOTICE
    zh = "参数已下发（第 {push} 次，{title}）：{made} 台有变化，共 {terminals} 台，{who}"
    en = "parameters are pushed (push {push}, {title}): {made} of {terminals} terminals change; {who}"
    push: int
    title: str
    made: int
    terminals: int
    who: str


@dataclass(frozen=True)
class TighterProposed(Told):
    code, level = "tighter-proposed", Level.NOTICE
    zh = "提议 {proposal}：{terminals} 台终端收紧限额 {days} 天，近 7 天会拒绝 {times} 笔，{maker}：{reason}"
    en = "proposal {proposal}: tighter at {terminals} terminals {days} days, {times} refused a week; {maker}: {reason}"
    proposal: int
    terminals: int
    days: int
    times: int
    maker: str
    reason: str


@dataclass(frozen=True)
class TighterConfirmed(Told):
    code, level = "tighter-confirmed", Level.IMPORTANT
    zh = "提议 {proposal} 已确认：{terminals} 台终端收紧限额，至 {until:time} 止，{maker}、{checker}"
    en = "proposal {proposal} is confirmed: tighter at {terminals} terminals until {until:time}; {maker}, {checker}"
    proposal: int
    terminals: int
    until: int
    maker: str
    checker: str


@dataclass(frozen=True)
class TighterRejected(Told):
    code, level = "tighter-rejected", Level.NOTICE
    zh = "提议 {proposal} 已否决：限额不变，{maker}、{checker}"
    en = "proposal {proposal} is rejected: limits stay as they are; {maker}, {checker}"
    proposal: int
    maker: str
    checker: str


@dataclass(frozen=True)
class HolidayUndrained(Told):
    code, level = "holiday-undrained", Level.IMPORTANT
    zh = "{holiday}将至：{terminals} 台终端、{boxes} 台网关还没有收齐，断电前请查 holiday check"
    en = "{holiday} is near: {terminals} terminals and {boxes} boxes are not drained; see holiday check first"
    holiday: str
    terminals: int
    boxes: int


@dataclass(frozen=True)
class CanaryBack(Told):
    code, level = "canary-back", Level.IMPORTANT
    zh = (
        "先行（第 {push} 次下发）拒绝增多，已自动恢复原参数：{terminals} 台，{taps} 次刷卡拒绝 {percent}%，"
        "此前一周 {own}%，其余终端 {rest}%，多因{reason:decline}"
    )
    en = (
        "the canary of push {push} declines more, and goes back: {terminals} terminals, {percent} % of {taps} taps, "
        "{own} % in the week before, {rest} % at the others; mostly: {reason:decline}"
    )
    push: int
    terminals: int
    taps: int
    percent: int
    own: int
    rest: int
    reason: str


@dataclass(frozen=True)
class CanaryOn(Told):
    code, level = "canary-on", Level.NOTICE
    zh = "先行（第 {push} 次下发）正常，已自动续推 {terminals} 台：{taps} 次刷卡拒绝 {percent}%"
    en = "the canary of push {push} is well, {terminals} terminals follow: {percent} % of {taps} taps declined"
    push: int
    terminals: int
    taps: int
    percent: int


@dataclass(frozen=True)
class CanaryQuiet(Told):
    code, level = "canary-quiet", Level.GENERAL
    zh = "先行（第 {push} 次下发）{hours} 小时内只有 {taps} 次刷卡，不自动续推：请人工查看"
    en = "the canary of push {push} saw {taps} taps in {hours} hours and does not go on by itself: a person has to look"
    push: int
    taps: int
    hours: int


@dataclass(frozen=True)
class CanaryAlone(Told):
    code, level = "canary-alone", Level.GENERAL
    zh = "先行（第 {push} 次下发）没有可比较的终端或此前一周的记录，不自动续推：{taps} 次刷卡拒绝 {percent}%"
    en = "the canary of push {push} has nothing to compare with and does not go on: {percent} % of {taps} taps declined"
    push: int
    taps: int
    percent: int


@dataclass(frozen=True)
class CanaryStuck(Told):
    code, level = "canary-stuck", Level.URGENT
    zh = "先行（第 {push} 次下发）拒绝增多，{taps} 次刷卡拒绝 {percent}%，没有可恢复的参数：请立即处理"
    en = "the canary of push {push} declines more, {percent} % of {taps} taps, and has nothing to go back to: act now"
    push: int
    taps: int
    percent: int


@dataclass(frozen=True)
class TighterEnded(Told):
    code, level = "tighter-ended", Level.IMPORTANT
    zh = "收紧限额到期：{terminals} 台终端恢复原限额（第 {push} 次下发）"
    en = "tighter limits have ended: {terminals} terminals go back to those of before (push {push})"
    push: int
    terminals: int
