"""A document cannot be made."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="document-unmade",
    family=Family.OFFLINE,
    codes=frozenset({"document-unmade"}),
    advice=Advice(
        Text("下发文件无法制作", "a document cannot be made"),
        Text("密钥进程停止或内容过大", "the key process is away, or it is too large"),
        Text("终端仍用旧版", "terminals keep the old one"),
        Text("看所报原因", "see the cause that it tells"),
    ),
)
