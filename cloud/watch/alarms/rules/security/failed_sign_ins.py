"""Somebody tries passwords."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="failed-sign-ins",
    family=Family.SECURITY,
    grade=Level.IMPORTANT,
    signal="sign-in-failures",
    kind=Kind.SERVICE,
    condition=Condition(">=", 5),
    advice=Advice(
        Text("登录失败过多", "many failed sign-ins"),
        Text("有人猜密码，或忘了密码", "somebody guesses a password, or has forgotten it"),
        Text("该账号锁 5 分钟；没有人进来", "the name is locked for 5 minutes; nobody got in"),
        Text("问该账号的人；不是他就查来源地址", "ask whose name it is; if not he, see where it came from"),
    ),
)
