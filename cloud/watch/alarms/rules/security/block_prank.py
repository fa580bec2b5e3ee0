"""Somebody whose reports were pranks has reported a loss again, and it was not taken."""

from cloud.watch.alarms.rule import Advice, FactRule, about_card
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="block-prank",
    family=Family.SECURITY,
    codes=frozenset({"block-prank/refused"}),
    source=about_card,
    quiet_ms=3_600_000,
    advice=Advice(
        Text("他人挂失未受理", "a report of a loss was not taken"),
        Text("报告人近 30 天已有恶作剧", "whoever reports it has played pranks in the last 30 days"),
        Text("卡没有挂失；若真丢了，捡到的人还能用", "the card is not blocked; if it is lost, a finder can pay"),
        Text("问持卡人；真丢了就 ./ykt desk lost", "ask the holder; if it is lost: ./ykt desk lost"),
    ),
)
