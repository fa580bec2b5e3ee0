"""A holiday is near, and something is not drained."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="holiday-undrained",
    family=Family.OFFLINE,
    codes=frozenset({"holiday-undrained"}),
    advice=Advice(
        Text("假期将至未收齐", "a holiday is near, not drained"),
        Text("终端或网关离线，或流水未传完", "terminals or boxes are away, or behind"),
        Text("断电后流水要等到节后", "records wait until after it"),
        Text("./ykt cloud holiday check 逐个处理", "see ./ykt cloud holiday check"),
    ),
)
