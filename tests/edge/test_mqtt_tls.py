"""Mutual TLS to a real broker with the files and rights that provisioning makes: known, refused, and a stranger."""

import json
import shutil
import subprocess
import sys
import time

import pytest

from compose.parts.standing import Standing
from compose.servers.ports import LOOPBACK, free_port
from compose.servers.servers import BrokerFiles, BrokerPorts, mosquitto
from edge.process import mqtt
from edge.process.identity.clock import BoxClock
from edge.process.identity.identity import Identity
from edge.process.mqtt import Arrived, BrokerSetting, Connected, MqttLine, Published
from edge.settings import TlsSetting, load
from provisioning.certificates import authority
from shared.clocks.campus_clock import WALL, CampusClock
from shared.clocks.clock import DAY_S
from shared.ids import BoxId, partition_of
from shared.wire import topics
from tests.edge.process.test_mqtt import until

pytestmark = pytest.mark.process

BOX, OTHER = BoxId("canteen-1"), BoxId("bus-1")
PLAN = {
    "campus": 1, "name": "演示校园", "demo": True, "caps": None, "hotlist": [],
    "boxes": [
        {"box": box, "name": box, "links": [{"name": "tcp", "kind": "tcp"}], "terminals": [
            {"name": f"t-{box}", "kind": "pos", "link": "tcp", "address": 0, "merchant": "一楼", "place": "1号窗口"},
        ]} for box in (BOX, OTHER)
    ],
    "cards": [{"label": "0001", "opening_fen": 5000}],
}  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("campus")
    plan = folder / "plan.json"
    plan.write_text(json.dumps(PLAN), encoding="utf-8")
    words = ("-m", "provisioning", "campus", "--data", str(folder / "data"), "--plan", str(plan))
    subprocess.run((sys.executable, *words), check=True, capture_output=True, timeout=120)
    return folder / "data"


@pytest.fixture(scope="module")
def doors(data, tmp_path_factory):
    ports = BrokerPorts(free_port(), free_port())
    folder = tmp_path_factory.mktemp("mosquitto")
    with Standing(mosquitto(folder, ports, BrokerFiles.of_campus(data)), folder):
        yield ports


@pytest.fixture(scope="module")
def port(doors):
    return doors.boxes


class Peer:
    """A line by certificate."""

    def __init__(self, port, name, tls, subscriptions, will_lane=topics.STATE):
        self.events = []
        self.faults = []
        identity = tls and Identity(tls, BoxClock(tls.ca.parent, 0))
        setting = BrokerSetting(LOOPBACK, port, name, subscriptions, topic(BOX, will_lane), b"gone", identity)
        self.line = MqttLine(setting, self.events.extend, self.faults.append, lambda: 0.0)
        self.line.start()

    def has(self, event):
        return event in self.events

    def stop(self):
        self.line.stop()
        assert self.faults == []


def topic(box, lane):
    return topics.topic(partition_of(box), box, lane)


@pytest.fixture
def peers(port):
    made = []

    def make(*words, at=port):
        made.append(Peer(at, *words))
        return made[-1]

    yield make
    for peer in made:
        peer.stop()


def test_box_speaks_as_itself_and_only_as_itself(data, peers, doors):
    settings = load(data / "boxes" / BOX / "edge.json")
    assert settings.tls is not None
    cloud = data / "cloud"
    tls = TlsSetting(cloud / "ca.pem", cloud / "ingest.pem", cloud / "ingest.key")
    ingest = peers("ingest", tls, ((topics.subscriptions(topics.UP_MONEY)[0], 1),), topics.DOWN_NOW, at=doors.cloud)
    box = peers(BOX, settings.tls, ((topic(BOX, topics.DOWN_MONEY), 0), (topic(BOX, topics.DOWN_NOW), 1)))
    until(lambda: box.has(Connected()) and ingest.has(Connected()), "connected")
    box.line.publish(topic(BOX, topics.UP_MONEY), b"ours", 1)
    until(lambda: ingest.has(Arrived(topic(BOX, topics.UP_MONEY), b"ours")), "heard")
    ingest.line.publish(topic(BOX, topics.DOWN_MONEY), b"ack", 3)
    until(lambda: box.has(Arrived(topic(BOX, topics.DOWN_MONEY), b"ack")), "answered")
    box.line.publish(topic(OTHER, topics.UP_MONEY), b"theirs", 2)
    until(lambda: box.has(Published(2, 0x87)), "not authorized")
    box.line.publish(topic(BOX, topics.UP_MONEY), b"ours again", 4)
    until(lambda: ingest.has(Arrived(topic(BOX, topics.UP_MONEY), b"ours again")), "heard")
    assert not ingest.has(Arrived(topic(OTHER, topics.UP_MONEY), b"theirs"))
    assert box.events.count(Connected()) == 1, "what is forbidden ends no connection"


def test_nobody_connects_without_a_certificate_of_ours(data, peers, monkeypatch):
    monkeypatch.setattr(mqtt, "BACKOFF_MIN_S", 0.02)
    monkeypatch.setattr(mqtt, "BACKOFF_MAX_S", 0.02)
    plain = peers(BOX, None, ((topic(BOX, topics.DOWN_NOW), 1),))
    last_s = time.monotonic() + 0.5
    while time.monotonic() < last_s:
        assert not plain.has(Connected())
        time.sleep(0.02)
    assert plain.line.connects == 0


def test_a_box_says_that_its_certificate_ends_soon(data, port, tmp_path):
    """Its campus clock was moved to a month before the end; on one that was not, there is nothing to say."""
    for days, wanted in ((authority.LEAF_DAYS - 30, {"certificate-ends": 1}), (0, {})):
        room = shutil.copytree(data, tmp_path / str(days))
        clock = CampusClock(WALL.at(time.time()) + days * DAY_S, time.time(), 1.0)
        words = ("edge", "run", "--data", str(room), "--box", BOX, "--broker", f"{LOOPBACK}:{port}", "--tls")
        more = ("--tcp-port", "0", "--tcp-host", LOOPBACK, "--end-with-stdin", "--clock", clock.to_option())
        with subprocess.Popen(
            (sys.executable, "-m", *words, *more), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as box:
            statuses = (json.loads(line[7:]) for line in box.stdout if line.startswith("STATUS "))
            said = next(status for status in statuses if status["connected"])
            box.stdin.close()
        assert {code: n for code, n in said["facts"].items() if code.startswith("certificate")} == wanted
