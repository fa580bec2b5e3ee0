"""Somebody connects with the ingest's own name."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="session-taken",
    family=Family.SECURITY,
    codes=frozenset({"session-taken"}),
    advice=Advice(
        Text("会话被接管", "a session is taken over"),
        Text("两个入账同时运行，或有人冒充", "two ingests at once, or somebody plays it"),
        Text("入账时断时续", "postings come and go"),
        Text("查消息代理的客户端", "look at the broker's clients"),
    ),
)
