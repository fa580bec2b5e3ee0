"""A terminal of ours has a key that is not its own."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="wrong-key",
    family=Family.ILLEGAL,
    codes=frozenset({"terminal-wrong-key"}),
    advice=Advice(
        Text("终端密钥不符", "a wrong terminal key"),
        Text("换机未登记，或有人冒充", "exchanged without registration, or somebody else's"),
        Text("它不能营业", "it cannot sell"),
        Text("现场核对机身", "look at the body on site"),
    ),
)
