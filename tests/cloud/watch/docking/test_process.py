"""Docking as a process, by its commands: admit, dock, command, post, take off; nothing of it is a second truth."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from cloud.watch.docking.keeping.store import open_docking
from cloud.watch.docking.sparkplug.node import Node, Telling
from cloud.watch.docking.sparkplug.payload import DataType
from cloud.watch.docking.sparkplug.topics import Publish, Source
from compose.parts.part import Part
from compose.parts.standing import Standing
from compose.place import ROOT
from compose.servers.ports import LOOPBACK, free_port
from compose.servers.servers import BrokerFiles, BrokerPorts, mosquitto
from tests.scenes import plans

pytestmark = pytest.mark.process
WAIT_S = 120.0
WHO = "王芳"
TEMPLATE = """
format = 1
[[map]]
account = "meter"
silent = "1h"
[[map.metric]]
path = "kwh"
name = "Energy"
type = "number"
unit = "kWh"
[[map]]
account = "lamp"
topic = "state"
[[map.metric]]
path = "on"
name = "On"
type = "boolean"
"""


def run(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "cloud", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


def until(what: str, holds: Callable[[], object]) -> None:
    last = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < last, what
        time.sleep(0.02)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    room = tmp_path_factory.mktemp("campus") / "room"
    plans.make(plans.on_tcp(), room)
    data = room / "campus"
    assert run("person", "add", WHO, "--data", data).returncode == 0
    return data


@contextmanager
def docking(data: Path, folder: Path, port: int, *door: str) -> Iterator[Standing]:
    place = door or ("--listen", f"{LOOPBACK}:{port}")
    words = ("cloud", "dock", "--data", str(data), *place, "--end-with-stdin")
    with Standing(Part("dock", (sys.executable, "-P", "-m", *words)), folder) as standing:
        yield standing


def admit(data: Path, name: str, *more: str) -> str:
    done = run("docking", "add", name, *more, "--who", WHO, "--data", data)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    return lines[1 if "Bearer" in done.stdout else 2].split()[-1]


def listed(data: Path, group: str = "plant") -> dict[str, bool]:
    told = json.loads(run("docking", "list", "--json", "--data", data).stdout)
    return {one["source"]: one["online"] for one in told["sources"] if one["source"].startswith(f"{group}/")}


def shown(data: Path, source: str) -> dict[str, str]:
    told = json.loads(run("docking", "show", source, "--json", "--data", data).stdout)
    return {one["name"]: one["text"] for one in told["metrics"]}


class Device:
    """Our own core of a node, over paho: it answers a command by telling the value back."""

    def __init__(self, port: int, user: str, secret: str, source: Source, ca: Path | None = None) -> None:
        self.node = Node(source, {}, now())
        will = self.node.connecting(5, now())
        self.client = Client(CallbackAPIVersion.VERSION2, "x")
        self.client.username_pw_set(user, secret)
        self.client.reconnect_delay_set(1, 1)  # a broker that has not read its new rights yet refuses the first try
        if ca is not None:
            self.client.tls_set(str(ca))
        self.client.will_set(will.topic, will.payload, will.qos)
        self.client.on_connect = self._on_connect
        self.client.on_message = self._on_message
        self.client.connect(LOOPBACK, port)
        self.client.loop_start()

    def _on_connect(self, _client: object, _data: object, _flags: object, reason: ReasonCode, _more: object) -> None:
        if reason.is_failure:
            return
        for topic, qos in self.node.subscriptions:
            self.client.subscribe(topic, qos)
        self._publish(self.node.connected(now()).publishes)
        self._publish(self.node.joins("pump", {"Speed": Telling(DataType.INT32, 900)}, now()).publishes)

    def _on_message(self, _client: object, _data: object, message: object) -> None:
        step = self.node.received(message.topic, message.payload, now())  # type: ignore[attr-defined]  # paho's
        self._publish(step.publishes)
        for one in step.commands:
            self._publish(self.node.changed(one.source.device, one.name, one.value, now()).publishes)

    def _publish(self, publishes: list[Publish]) -> None:
        for one in publishes:
            self.client.publish(one.topic, one.payload, one.qos)

    def dies(self) -> None:
        self.client.loop_stop()
        self.client.socket().close()


def now() -> int:
    return int(time.time() * 1000)


def test_a_device_docks_is_commanded_dies_and_is_taken_off(made: Path, tmp_path: Path) -> None:
    port = free_port()
    secret = admit(made, "pump-1", "--group", "plant")
    with docking(made, tmp_path, port):
        device = Device(port, "dock.pump-1", secret, Source("plant", "pump-1"))
        until("it is there", lambda: listed(made).get("plant/pump-1/pump"))
        assert shown(made, "plant/pump-1/pump") == {"Speed": "900"}
        done = run("docking", "command", "plant/pump-1/pump", "Speed", "1200", "--who", WHO, "--data", made)
        assert (done.returncode, done.stderr) == (0, "")
        assert "1200" in done.stdout
        wrong = run("docking", "command", "plant/pump-1/pump", "Speed", "fast", "--who", WHO, "--data", made)
        nobody = run("docking", "command", "plant/pump-1/pump", "Speed", "1", "--who", "谁", "--data", made)
        assert (wrong.returncode, nobody.returncode) == (2, 2)
        device.dies()
        until("it is away", lambda: listed(made) == {"plant/pump-1": False, "plant/pump-1/pump": False})
        again = Device(port, "dock.pump-1", secret, Source("plant", "pump-1"))
        until("it is back", lambda: listed(made).get("plant/pump-1"))
        assert run("docking", "remove", "pump-1", "--who", WHO, "--data", made).returncode == 0
        until("its session ends", lambda: not again.client.is_connected())
        again.client.loop_stop()
        assert listed(made) == {}


def test_who_docked_is_known_over_a_kill_and_asked_for_a_birth(made: Path, tmp_path: Path) -> None:
    port = free_port()
    secret = admit(made, "pump-2", "--group", "plant")
    with docking(made, tmp_path, port) as standing:
        Device(port, "dock.pump-2", secret, Source("plant", "pump-2"))
        until("it is there", lambda: listed(made).get("plant/pump-2/pump"))
        standing.kill()
        standing.start()
        until("it is there again", lambda: listed(made).get("plant/pump-2/pump"))
    assert listed(made) == {"plant/pump-2": False, "plant/pump-2/pump": False}, "the dock says so when it ends"
    late = run("docking", "command", "plant/pump-2/pump", "Speed", "1", "--who", WHO, "--data", made)
    assert late.returncode == 1
    run("docking", "remove", "pump-2", "--who", WHO, "--data", made)


def test_at_a_mosquitto_by_tls_as_full_has_it(made: Path, tmp_path: Path) -> None:
    """The account is made while the broker runs, which reads its rights again by itself."""
    ports = BrokerPorts(free_port(), free_port(), free_port())
    assert run("docking", "rights", "--data", made).returncode == 0
    broker = mosquitto(tmp_path / "broker", ports, BrokerFiles.of_campus(made))
    door = ("--broker", f"{LOOPBACK}:{ports.docking}", "--tls")
    with Standing(broker, tmp_path), docking(made, tmp_path, 0, *door):
        secret = admit(made, "pump-3", "--group", "tls")
        source = Source("tls", "pump-3")
        device = Device(ports.docking, "dock.pump-3", secret, source, made / "ca.pem")
        until("it is there", lambda: listed(made, "tls").get("tls/pump-3/pump"))
        done = run("docking", "command", "tls/pump-3/pump", "Speed", "1200", "--who", WHO, "--data", made)
        assert (done.returncode, done.stderr) == (0, "")
        device.dies()
        until("its will is told", lambda: listed(made, "tls").get("tls/pump-3/pump") is False)
    run("docking", "remove", "pump-3", "--who", WHO, "--data", made)


def test_json_by_http_and_by_mqtt_is_mapped_by_a_template(made: Path, tmp_path: Path) -> None:
    port, http = free_port(), free_port()
    (made / "cloud/docking.toml").write_text(f'[http]\nlisten = "{LOOPBACK}:{http}"\n')
    (tmp_path / "map.toml").write_text(TEMPLATE)
    (tmp_path / "wrong.toml").write_text(TEMPLATE.replace('"number"', '"money"'))
    token, secret = admit(made, "meter", "--by", "http"), admit(made, "lamp", "--by", "mqtt")
    assert run("docking", "push", tmp_path / "map.toml", "--who", WHO, "--data", made).returncode == 0
    wrong = run("docking", "push", tmp_path / "wrong.toml", "--who", WHO, "--data", made)
    assert wrong.returncode == 2
    assert "9" in wrong.stderr, wrong.stderr

    def post(body: bytes, bearer: str = token, path: str = "/v1/docked", method: str = "POST") -> int:
        with closing(HTTPConnection(LOOPBACK, http, timeout=WAIT_S)) as caller:
            caller.request(method, path, body, {"Authorization": f"Bearer {bearer}"})
            return caller.getresponse().status

    with docking(made, tmp_path, port):
        assert post(b'{"kwh": 12.5}') == 202
        assert post(b'{"kwh": "many"}') == 422
        assert post(b'{"kwh": 1}', f"meter.{'x' * 32}") == 401
        assert post(b'{"kwh": 1}', f"lamp.{secret}") == 401, "one that speaks otherwise"
        assert post(b"x" * 70_000) == 413
        assert (post(b"{}", path="/"), post(b"{}", method="PUT")) == (404, 405)
        client = Client(CallbackAPIVersion.VERSION2, "x")
        client.username_pw_set("dock.lamp", secret)
        client.connect(LOOPBACK, port)
        client.loop_start()
        client.publish("docked/lamp/state", b'{"on": true}', 1).wait_for_publish(WAIT_S)
        until("both are there", lambda: listed(made, "json") == {"json/lamp": True, "json/meter": True})
        assert (shown(made, "json/meter"), shown(made, "json/lamp")) == ({"Energy": "12.5"}, {"On": "true"})
        assert 429 in {post(b'{"kwh": 1}') for _ in range(400)}
        client.disconnect()
        client.loop_stop()
    (made / "cloud/docking.toml").unlink()


def test_we_are_a_node_for_others_only_where_it_is_configured(made: Path, tmp_path: Path) -> None:
    port = free_port()
    with docking(made, tmp_path, port):
        assert listed(made, "campus").get("campus/openykt") is None
    assert run("import", "--data", made).returncode == 0
    (made / "cloud/docking.toml").write_text('[node]\ngroup = "campus"\nprimary_host = "openykt-1"\n')
    with docking(made, tmp_path, free_port()):
        until("our own host sees us", lambda: listed(made, "campus").get("campus/openykt"))
        until("and our box", lambda: f"campus/openykt/{plans.BOX}" in listed(made, "campus"))
        assert shown(made, f"campus/openykt/{plans.BOX}")["Online"] == "false"
        with closing(open_docking(made / "cloud")) as store:
            first = store.mark("bdSeq")
    with docking(made, tmp_path, free_port()), closing(open_docking(made / "cloud")) as store:
        until("the next number is kept", lambda: store.mark("bdSeq") != first)
    (made / "cloud/docking.toml").unlink()


def test_a_flood_of_one_device_is_its_own(made: Path, tmp_path: Path) -> None:
    port = free_port()
    secrets = [admit(made, name, "--group", "flood") for name in ("calm", "wild")]
    with docking(made, tmp_path, port):
        Device(port, "dock.calm", secrets[0], Source("flood", "calm"))
        until("it is there", lambda: listed(made, "flood").get("flood/calm/pump"))
        wild = Client(CallbackAPIVersion.VERSION2, "x")
        wild.username_pw_set("dock.wild", secrets[1])
        wild.connect(LOOPBACK, port)
        wild.loop_start()
        for _ in range(5_000):
            wild.publish("spBv1.0/flood/NDATA/wild", b"\xff" * 100)
        done = run("docking", "command", "flood/calm/pump", "Speed", "1200", "--who", WHO, "--data", made)
        assert (done.returncode, done.stderr) == (0, "")
        until("it is counted", lambda: refused(made).get("pace", 0) > 4_000)
        wild.disconnect()
        wild.loop_stop()
    for name in ("calm", "wild"):
        run("docking", "remove", name, "--who", WHO, "--data", made)


def refused(data: Path) -> dict[str, int]:
    return dict(json.loads(run("docking", "list", "--json", "--data", data).stdout)["refused"])


@pytest.mark.parametrize(
    "door", [(), ("--listen", "0.0.0.0:1"), ("--listen", "127.0.0.1:1", "--broker", "127.0.0.1:1")]
)
def test_one_door_and_without_tls_on_loopback_alone(made: Path, door: tuple[str, ...]) -> None:
    assert run("dock", "--data", made, *door).returncode == 2
