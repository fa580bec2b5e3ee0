"""A spare card was not returned by its last day."""

from cloud.watch.alarms.rule import Advice, FactRule, about_card
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="spare-overdue",
    family=Family.CARD,
    codes=frozenset({"spare-overdue"}),
    over=frozenset({"spare-back"}),
    source=about_card,
    quiet_ms=0,
    advice=Advice(
        Text("备用卡逾期未还", "a spare card is overdue"),
        Text("借出的最后一天已过，没有归还", "its last day is over, and it is not back"),
        Text("已停用，列入黑名单；押金仍挂账", "it is refused and on the hotlist; its deposit is still owed"),
        Text("联系借卡人；./ykt desk spares 看登记簿", "ask who has it; ./ykt desk spares is the register"),
    ),
)
