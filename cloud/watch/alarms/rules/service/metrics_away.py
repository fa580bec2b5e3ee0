"""The store of metrics takes no points."""

from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind
from shared.facts.told import Level
from shared.words.voice import Text

RULE = SignalRule(
    name="metrics-away",
    family=Family.SERVICE,
    grade=Level.GENERAL,
    signal="metrics-away",
    kind=Kind.SERVICE,
    condition=Condition(">=", 1),
    for_ms=60_000,
    off_ms=10_000,
    advice=Advice(
        Text("指标库连不上", "the store of metrics is away"),
        Text(
            "VictoriaMetrics 或 InfluxDB 停了，或令牌不对", "VictoriaMetrics or InfluxDB is down, or the token is wrong"
        ),
        Text(
            "曲线中断；指标先缓存，满了丢最早的；账与报警不受影响",
            "charts have a gap; points wait, at the bound the oldest go; money and alarms are not touched",
        ),
        Text("启动指标库；查 DATA/cloud/metrics.toml", "start it; see DATA/cloud/metrics.toml"),
    ),
)
