"""One box floods, a stranger takes sessions over: the real ingest on a real broker goes on, counts, and tells."""

import json
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from cloud.ingest.sessions import MONEY, NOW, session_of
from shared.wire.messages import DeviceStatus, Fact, encode_now
from shared.wire.topics import UP_NOW
from tests.cloud.campus import Campus
from tests.cloud.field import FieldBox, until
from tests.cloud.ingest.test_process import Site, _site, join, lunch

pytestmark = pytest.mark.process
FLOOD = 3000


@pytest.fixture
def site(campus: Campus, keys_socket: Path, mosquitto_plain, tmp_path: Path) -> Iterator[Site]:
    """On a broker that forbids nothing, and says when a session was taken over."""
    yield from _site(campus, keys_socket, mosquitto_plain.port, tmp_path)


def thief(site: Site, client_id: str) -> paho.Client:
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id, protocol=MQTTProtocolVersion.MQTTv5)
    client.connect("127.0.0.1", site.port, clean_start=True)
    return client


def told(site: Site, code: str) -> list[tuple[str, str, dict]]:
    rows = site.asked(f"SELECT level, box, params FROM fact WHERE code = '{code}' ORDER BY id")  # noqa: S608  # ours
    return [(level, box, json.loads(params)) for level, box, params in rows]


def test_both_sessions_taken_over_cost_nothing_and_are_told_as_urgent(site: Site) -> None:
    process = site.ingest._process
    with site.box() as box:
        epoch = join(box, site.body())
        taps = lunch(site.campus.purses(), site.body(), epoch, 60)
        box.put(*taps[:30])
        sessions = {session_of(box.box, lane) for lane in (NOW, MONEY)}
        for session in sessions:
            thief(site, session).loop(0.1)
        box.put(*taps[30:])
        until(box.all_settled, "settled")
        until(lambda: len(told(site, "session-taken")) == 2, "told")
        assert join(box, site.body()) == epoch, "and now answers"
    assert site.posted() == 60
    facts = told(site, "session-taken")
    assert {(level, box) for level, box, _ in facts} == {("urgent", "")}
    assert {params["session"] for _, _, params in facts} == sessions
    until(lambda: site.status()["taken_over"] >= 2, "counted")
    assert site.ingest._process is process
    assert process is not None
    assert process.poll() is None, "the same process"


def test_a_flood_of_now_is_refused_counted_and_told_once_and_the_others_money_goes_on(site: Site) -> None:
    noise = encode_now(DeviceStatus(site.body(-1).device, (), 1, 1, 9, True, 1, 1))
    fact = encode_now(Fact("bus-off", "urgent", 5, b"", "x"))
    with site.box() as canteen, site.box(at=-1) as flood:
        epoch = join(canteen, site.body())
        for _ in range(FLOOD // 2):
            flood.publish(UP_NOW, noise)
            flood.publish(UP_NOW, fact)
        canteen.put(*lunch(site.campus.purses(), site.body(), epoch, 100))
        until(canteen.all_settled, "settled")
        until(lambda: _refused(site) > FLOOD // 30, "counted; the broker drops what is beyond its own bound")
        until(lambda: site.status()["slowed"].get("now"), "read slowly")
        until(lambda: told(site, "messages-refused") and told(site, "messages-slowed"), "told")
        assert join(canteen, site.body()) == epoch
        _drained(flood)
    assert site.posted() == 100
    facts = told(site, "messages-refused")
    assert {(level, box) for level, box, _ in facts} == {("important", "bus-1")}
    lanes = [params["lane"] for _, _, params in facts]
    assert sorted(set(lanes)) == sorted(lanes), "one for each lane in its span"
    assert len(told(site, "bus-off")) < FLOOD // 4


def _refused(site: Site) -> int:
    return sum(site.status().get("refused", {}).values())


def _drained(flood: FieldBox) -> None:
    until(lambda: not flood._client.want_write(), "written")
