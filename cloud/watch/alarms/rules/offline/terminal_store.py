"""A terminal's store is not the one that it was."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.rules.reasons import PSAM
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="terminal-store",
    family=Family.OFFLINE,
    codes=frozenset(
        {
            "epoch-ahead",
            "epoch-refused",
            "new-flash",
            "terminal-no-epoch",
            "terminal-rolled-back",
            "terminal-too-many-epochs",
        }
    ),
    but=PSAM,
    advice=Advice(
        Text("终端存储异常", "a terminal's store is odd"),
        Text("存储被换、回退，或机身换了 PSAM", "exchanged, gone back, or another PSAM"),
        Text("该终端可能不能营业", "it may not sell"),
        Text("到现场核对机身与 PSAM", "look at body and PSAM on site"),
    ),
)
