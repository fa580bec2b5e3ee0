"""演练: an alarm that somebody raises on purpose, to see that it is told. It says so wherever it is seen, and no figure
counts it. Pure.

Its signal is 1 until the time that the mark of this name holds in the watch's file; whoever drills sets it.
"""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import CAMPUS, Family
from cloud.watch.alarms.watching import Key
from shared.facts.told import Level
from shared.words.voice import Text

DRILL = "drill"
"""The rule, its signal, and the mark of until when (Unix ms)."""
KEY = Key(DRILL, CAMPUS)
RULE = SignalRule(
    name=DRILL,
    family=Family.SERVICE,
    grade=Level.IMPORTANT,
    signal=DRILL,
    kind=CAMPUS.kind,
    condition=Condition(">", 0),
    advice=Advice(
        Text("演练，不是真的", "DRILL, not real"),
        Text("演练：有人有意触发，看报警是否送到", "drill: raised on purpose, to see that alarms arrive"),
        Text("演练：没有任何影响，也不计入统计", "drill: nothing follows, and no figure counts it"),
        Text("演练：照实确认即可", "drill: acknowledge it as you would a real one"),
    ),
)


def is_drill(key: Key) -> bool:
    """What figures leave out."""
    return key.rule == DRILL
