"""A box speaks for terminals that are not at it."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="foreign-box",
    family=Family.SECURITY,
    codes=frozenset({"record-elsewhere", "spoken-for"}),
    advice=Advice(
        Text("网关替他人说话", "a box speaks for others"),
        Text("终端搬动未登记，或网关被盗用", "moved without registration, or a stolen box"),
        Text("不予采信", "it is not believed"),
        Text("核对终端位置；可疑则吊销网关", "look where the terminal is; revoke a doubtful box"),
    ),
)
