"""A terminal no longer holds a record that the books lack: nobody can bring it."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="gap",
    family=Family.LEDGER,
    grade=Level.URGENT,
    signal="terminal-gap",
    kind=Kind.TERMINAL,
    condition=Condition(">=", 1),
    for_ms=60_000,
    advice=Advice(
        Text("记录缺号", "lost numbers"),
        Text("终端存储损坏或被换，或记录被删", "the terminal's store was damaged, exchanged or tampered with"),
        Text("这些号的流水无人能补，账上少收", "nobody can bring these records, and the books lack them"),
        Text("查终端与网关发件箱；./ykt verify；办理待核", "look at terminal and outbox; ./ykt verify"),
    ),
)
