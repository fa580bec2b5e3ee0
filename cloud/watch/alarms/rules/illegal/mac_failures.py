"""Too many wrong MACs or counters: replayed or forged."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="mac-failures",
    family=Family.ILLEGAL,
    codes=frozenset({"terminal-mac-failures"}),
    advice=Advice(
        Text("校验失败过多", "too many bad MACs"),
        Text("重放、伪造，或线路差", "replay, forgery, or a bad line"),
        Text("会话终止，须重新认证", "the session is over, it must join again"),
        Text("查该处线路与接头", "look at line and plugs there"),
    ),
)
