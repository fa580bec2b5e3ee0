"""Templates and what is read by them: faults name line and reason, and what comes from strangers fits or is refused."""

import json

import pytest

from cloud.watch.docking.mapping.reading import BODY_MAX, Mapped
from cloud.watch.docking.mapping.template import Form, Pick, read_template
from cloud.watch.docking.sparkplug.docked import Shown
from cloud.watch.docking.sparkplug.host import Born, Died, Refused, Said, Why
from cloud.watch.docking.sparkplug.payload import DataType
from cloud.watch.docking.sparkplug.topics import Source
from shared.errors import ConfigFault

TEMPLATE = """
format = 1

[[map]]
account = "meter"
topic = "state"
silent = "1m"
[[map.metric]]
path = "data.temp"
name = "Temperature"
type = "number"
unit = "°C"
[[map.metric]]
path = "phases[1].on"
name = "Phase 2"
type = "boolean"

[[map]]
account = "gate"
[[map.metric]]
path = "count"
name = "Count"
type = "integer"
[[map.metric]]
path = "label"
name = "Label"
type = "text"
"""
METER, GATE = Source("json", "meter"), Source("json", "gate")


def mapped() -> Mapped:
    found = Mapped()
    found.map_by(read_template(TEMPLATE))
    return found


def test_a_template_is_read() -> None:
    meter, gate = read_template(TEMPLATE)
    assert meter[:3] == ("meter", "state", 60_000)
    assert meter.picks[1] == Pick(("phases", 1, "on"), "Phase 2", Form.BOOLEAN, "")
    assert gate[:3] == ("gate", "", 300_000)


@pytest.mark.parametrize(
    ("old", "new", "line", "word"),
    [
        ("format = 1", "format = 2", 2, "format"),
        ('account = "meter"', 'account = "Meter"', 5, "account"),
        ('topic = "state"', 'topic = "a/+"', 6, "topic"),
        ('topic = "state"', 'topic = "/a"', 6, "topic"),
        ('silent = "1m"', 'silent = "0m"', 7, "silent"),
        ('path = "data.temp"', 'path = "data..temp"', 9, "path"),
        ('path = "data.temp"', 'path = "a.a.a.a.a.a.a.a.a"', 9, "path"),
        ('name = "Temperature"', 'name = ""', 10, "name"),
        ('type = "number"', 'type = "money"', 11, "type"),
        ('unit = "°C"', 'unit = "much too long a unit"', 12, "unit"),
        ('unit = "°C"', 'units = "°C"', 12, "units"),
        ('name = "Phase 2"', 'name = "Temperature"', 8, "metric"),
        ('account = "gate"', 'account = "meter"\ntopic = "state"', 0, "account"),
        ("[[map]]", "[[map]", 0, "TOML"),
    ],
)
def test_a_fault_names_line_and_reason(old: str, new: str, line: int, word: str) -> None:
    with pytest.raises(ConfigFault) as fault:
        read_template(TEMPLATE.replace(old, new, 1))
    said = str(fault.value)
    assert word in said
    if line:
        assert f"line {line}" in fault.value.args[0].en or said.startswith(f"第 {line} 行"), said


def test_the_first_message_is_a_birth_then_data_then_silence_is_a_death() -> None:
    one = mapped()
    octets = json.dumps({"data": {"temp": 21}, "phases": [{}, {"on": True}]}).encode()
    temperature = Shown(DataType.DOUBLE, 21.0, 5, unit="°C")
    assert one.published("docked/meter/state", octets, 5) == [
        Born(METER, 5, {"Temperature": temperature, "Phase 2": Shown(DataType.BOOLEAN, True, 5)})
    ]
    again = one.published("docked/meter/state", b'{"data": {"temp": 22.5}}', 6)
    assert again == [Said(METER, "Temperature", temperature._replace(value=22.5, at_ms=6), is_historical=False)]
    assert one.passed(60_005) == []
    assert one.passed(60_006) == [Died(METER, 60_006)]
    assert one.online == 0
    (born,) = one.published("docked/meter/state", b'{"data": {"temp": null}}', 70_000)
    assert isinstance(born, Born)
    assert born.metrics["Temperature"].value is None
    assert born.metrics["Phase 2"].is_stale, "as it was said last"


@pytest.mark.parametrize(
    "octets",
    [b"", b"{", b"\xff", b'{"count": 1.5}', b'{"count": true}', b'{"count": 9223372036854775808}', b'{"label": 1}',
     b'{"label": "' + b"x" * 1001 + b'"}', b'{"count": NaN}', b"[" * 30_000, b" " * (BODY_MAX + 1)],
)  # fmt: skip
def test_what_does_not_fit_is_refused_whole(octets: bytes) -> None:
    assert mapped().posted("gate", octets, 1) == [Refused("gate", Why.MALFORMED)]


def test_yes_is_no_number() -> None:
    refused = mapped().published("docked/meter/state", b'{"data": {"temp": true}}', 1)
    assert refused == [Refused("docked/meter/state", Why.MALFORMED)]


@pytest.mark.parametrize("octets", [b"{}", b"[]", b"1", b'{"x": 1}', b'"count"'])
def test_what_has_no_metric_is_unmapped(octets: bytes) -> None:
    assert mapped().posted("gate", octets, 1) == [Refused("gate", Why.UNMAPPED)]


def test_a_topic_or_an_account_without_a_map_is_unmapped() -> None:
    one = mapped()
    for topic in ("docked/meter/other", "docked/meter", "docked/nobody/state", "docked/gate/"):
        assert [event.why for event in one.published(topic, b"{}", 1)] == [Why.UNMAPPED]
    assert one.posted("meter", b"{}", 1) == [Refused("meter", Why.UNMAPPED)], "it speaks on its topic only"
