"""A box hears no acknowledgement."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="ledger-silent",
    family=Family.OFFLINE,
    codes=frozenset({"ledger-silent", "publish-refused"}),
    advice=Advice(
        Text("中心不回执", "no acknowledgement"),
        Text("入账停止，或消息代理拒收", "the ingest is down, or the broker refuses"),
        Text("记录在网关积压", "records pile up at the box"),
        Text("看入账与消息代理", "look at ingest and broker"),
    ),
)
