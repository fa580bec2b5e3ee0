"""Nearly every card that is presented at a terminal is refused, and by no rule."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="taps-declined",
    family=Family.ILLEGAL,
    grade=Level.IMPORTANT,
    signal="taps-declined",
    kind=Kind.TERMINAL,
    condition=Condition(">=", 75),
    clear=Condition("<", 25),
    off_ms=5_000,
    is_hidden=True,
    advice=Advice(
        Text("刷卡多被拒", "most cards are refused"),
        Text("PSAM 密钥不对（仿造、损坏），或读卡器坏", "a PSAM with wrong keys, forged or damaged, or a bad reader"),
        Text("一分不收，窗口卖不成", "nothing is taken, and that window sells nothing"),
        Text("换台机器；核对 PSAM，换机走 ./ykt cloud swap", "use another till; look at its PSAM; ./ykt cloud swap"),
    ),
)
