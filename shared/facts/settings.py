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
class TighterEnded(Told):
    code, level = "tighter-ended", Level.IMPORTANT
    zh = "收紧限额到期：{terminals} 台终端恢复原限额（第 {push} 次下发）"
    en = "tighter limits have ended: {terminals} terminals go back to those of before (push {push})"
    push: int
    terminals: int
