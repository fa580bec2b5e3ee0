"""A stolen body or PSAM is here, or still makes records."""

from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.terms import Family
from shared.words.voice import Text

RULE = FactRule(
    name="stolen",
    family=Family.ILLEGAL,
    codes=frozenset({"stolen-elsewhere", "stolen-used", "terminal-revoked"}),
    quiet_ms=0,
    advice=Advice(
        Text("失窃设备出现", "a stolen device is here"),
        Text("失窃的终端或 PSAM 被接入", "a stolen terminal or PSAM was connected"),
        Text("它不能营业，其记录待核", "it cannot sell, its records are held"),
        Text("到所报位置查看，报保卫处", "go to the place, tell security"),
    ),
)
