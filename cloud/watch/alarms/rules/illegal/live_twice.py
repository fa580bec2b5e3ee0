"""One terminal number is live at two places."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="live-twice",
    family=Family.ILLEGAL,
    codes=frozenset({"terminal-live-twice"}),
    advice=Advice(
        Text("终端号同时两处在线", "a number is live twice"),
        Text("机身被复制，或登记错误", "a copied body, or a wrong registration"),
        Text("两处之一是假的", "one of the two is false"),
        Text("现场核对两处，挂失可疑的一台", "look at both, report the doubtful one"),
    ),
)
