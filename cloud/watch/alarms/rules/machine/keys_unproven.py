"""The paper that opens the sealed keys was not typed within a term, or not since backups have a secret of their own: it
may be lost or wrong, or open nothing that opens a backup."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="keys-unproven",
    family=Family.SERVICE,
    grade=Level.GENERAL,
    signal="key-backup-unproven",
    kind=Kind.SERVICE,
    condition=Condition(">=", 1),
    for_ms=60_000,
    advice=Advice(
        Text("密钥备份的口令未经证明", "the paper of sealed keys is not proven"),
        Text(
            "口令没有重新输入过，或已过一学期，或封存里没有 backup.secret",
            "nobody has typed it, or not within a term, or what is sealed lacks backup.secret",
        ),
        Text("口令丢失或抄错时，账本的备份还原了也用不成", "if it is lost or wrong, a restored ledger has no keys"),
        Text(
            "再封存一次，按纸上输入：cloud backup keys，再 prove",
            "seal once more, type it from the paper: cloud backup keys, then prove",
        ),
    ),
)
