"""A docked device at real brokers, topic by topic: a mosquitto as `--full` has it, and the gate of an embedded campus.

It can neither publish nor hear what is money's, another's or nobody's, nor can its last will; it throws nobody off.
"""

import asyncio
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from cloud.watch.docking.gate.core import Gate
from cloud.watch.docking.gate.doorkeeper import Doorkeeper
from cloud.watch.docking.gate.serving import Serving
from cloud.watch.docking.keeping.files import login_file, new_secret, prepare
from cloud.watch.docking.keeping.store import open_docking
from cloud.watch.docking.rights.accounts import HOST_USER, Speech, account
from cloud.watch.docking.settings import DockingSettings
from compose.parts.standing import Standing
from compose.servers.ports import LOOPBACK, free_port
from compose.servers.servers import BrokerFiles, BrokerPorts, mosquitto
from shared.ids import BoxId, partition_of
from shared.input.login import read_login
from shared.wire.topics import DOWNWARD, UPWARD, topic
from tests.patience import PATIENCE_S
from tests.scenes import plans

pytestmark = pytest.mark.process
at_mosquitto_only = pytest.mark.parametrize("place", ["mosquitto"], indirect=True)
SETTINGS = DockingSettings("openykt-1")
BOX = BoxId(plans.BOX)
MONEY = [topic(partition_of(BOX), BOX, lane) for lane in (*UPWARD, *DOWNWARD)]
OWN = ["spBv1.0/plant/NBIRTH/a", "spBv1.0/plant/NDEATH/a", "spBv1.0/plant/NDATA/a", "spBv1.0/plant/DBIRTH/a/d",
       "spBv1.0/plant/DDEATH/a/d", "spBv1.0/plant/DDATA/a/d"]  # fmt: skip
ANOTHERS = [one.replace("/a", "/b") for one in OWN] + ["docked/j/x", "spBv1.0/plant2/NDATA/a"]
HOSTS = ["spBv1.0/plant/NCMD/a", "spBv1.0/plant/DCMD/a/d", "spBv1.0/plant/NCMD/b", "spBv1.0/STATE/openykt-1"]
NOBODYS = ["oykt/v1", "x", "spBv1.0/plant/NDATA/a/more", "spBv1.0/plant/DDATA/a", "$SYS/broker/uptime"]


@dataclass
class Place:
    """A broker that devices dock at, and what is behind it."""

    port: int
    secrets: dict[str, str]
    ca: Path | None
    data: Path
    ports: BrokerPorts | None = None
    stack: ExitStack = field(default_factory=ExitStack)

    def peer(self, user: str, secret: str | None = None, *, client_id: str = "any", will: str = "") -> "Peer":
        tls = None if self.ca is None else ssl.create_default_context(cafile=self.ca)
        found = Peer(self.port, client_id, tls, (user, self.secrets.get(user, "") if secret is None else secret), will)
        self.stack.callback(found.close)
        return found

    def box(self, door: int, folder: str, stem: str) -> "Peer":
        tls = ssl.create_default_context(cafile=self.data / "ca.pem")
        tls.load_cert_chain(self.data / folder / f"{stem}.pem", self.data / folder / f"{stem}.key")
        found = Peer(door, stem, tls, None)
        self.stack.callback(found.close)
        return found


class Peer:
    """One client of MQTT 3.1.1, as most strangers are."""

    def __init__(
        self, port: int, client_id: str, tls: ssl.SSLContext | None, login: tuple[str, str] | None, will: str = ""
    ) -> None:
        self.heard: list[str] = []
        self.code: list[str] = []
        self.lost = threading.Event()
        answered, self._acked = threading.Event(), threading.Event()
        self.client = Client(CallbackAPIVersion.VERSION2, client_id, protocol=MQTTProtocolVersion.MQTTv311)
        if tls is not None:
            self.client.tls_set_context(tls)
        if login is not None:
            self.client.username_pw_set(*login)
        if will:
            self.client.will_set(will, b"will", 1)
        self.client.on_message = lambda _client, _data, message: self.heard.append(message.topic)
        self.client.on_connect = lambda _c, _d, _f, reason, _p: (self.code.append(str(reason)), answered.set())
        self.client.on_disconnect = lambda *_: self.lost.set()
        self.client.on_publish = lambda *_: self._acked.set()
        self.client.on_subscribe = lambda *_: self._acked.set()
        self.client.connect(LOOPBACK, port)
        self.client.loop_start()
        assert answered.wait(PATIENCE_S)

    def publish(self, *topics: str) -> None:
        for one in topics:
            self._acked.clear()
            self.client.publish(one, b"x", qos=1)
            assert self._acked.wait(PATIENCE_S), one

    def subscribe(self, *filters: str) -> None:
        for one in filters:
            self._acked.clear()
            self.client.subscribe(one, qos=1)
            assert self._acked.wait(PATIENCE_S), one

    def until(self, *topics: str) -> None:
        last = time.monotonic() + PATIENCE_S
        while set(topics) - set(self.heard):
            assert time.monotonic() < last, self.heard
            time.sleep(0.005)

    def dies(self) -> None:
        """Without a DISCONNECT."""
        self.client.loop_stop()
        self.client.socket().close()

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture(scope="module")
def campus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    room = tmp_path_factory.mktemp("campus")
    plans.make(plans.on_tcp(), room / "room")
    return room / "room" / "campus"


@pytest.fixture(params=["mosquitto", "gate"])
def place(request: pytest.FixtureRequest, campus: Path, tmp_path: Path) -> Iterator[Place]:
    folder, secrets = campus / "cloud", {}
    (folder / "docking.db").unlink(missing_ok=True)
    with closing(open_docking(folder)) as store:
        for name, speech in (("a", Speech.SPARKPLUG), ("b", Speech.SPARKPLUG), ("j", Speech.MQTT)):
            secret, seal = new_secret()
            store.add_account(account(name, speech, "plant", name, seal), 1, "王芳")
            secrets[f"dock.{name}"] = secret
        prepare(campus, folder, store, SETTINGS)
        keeper = Doorkeeper(SETTINGS)
        keeper.know(store.accounts(), store.own_seals())
    own = read_login(login_file(folder, HOST_USER))
    assert own is not None
    secrets[own.user] = own.password
    made = at_mosquitto(campus, tmp_path, secrets) if request.param == "mosquitto" else at_gate(campus, keeper, secrets)
    with made as found, found.stack:
        yield found


@contextmanager
def at_mosquitto(campus: Path, folder: Path, secrets: dict[str, str]) -> Iterator[Place]:
    ports = BrokerPorts(free_port(), free_port(), free_port())
    with Standing(mosquitto(folder, ports, BrokerFiles.of_campus(campus)), folder):
        yield Place(ports.docking, secrets, campus / "ca.pem", campus, ports)


@contextmanager
def at_gate(campus: Path, keeper: Doorkeeper, secrets: dict[str, str]) -> Iterator[Place]:
    ready, ports = threading.Event(), []
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        serving = Serving(Gate(keeper.admit))
        ports.append(await serving.open(LOOPBACK, 0))
        ready.set()
        await serving.run(stop)

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(PATIENCE_S)
    try:
        yield Place(ports[0], secrets, None, campus)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(PATIENCE_S)
        loop.close()


def test_it_speaks_as_itself_and_as_nobody_else(place: Place) -> None:
    host, a = place.peer(HOST_USER), place.peer("dock.a")
    host.subscribe("spBv1.0/#", "docked/#", "oykt/#", "#")
    a.publish(*MONEY, *ANOTHERS, *HOSTS, *NOBODYS, *OWN)
    host.until(*OWN)
    assert set(host.heard) == set(OWN)


def test_it_hears_what_is_for_itself_and_nothing_else(place: Place) -> None:
    host, a, b, j = (place.peer(user) for user in (HOST_USER, "dock.a", "dock.b", "dock.j"))
    for filters in (["#"], ["oykt/#"], ["spBv1.0/#"], [*MONEY, *ANOTHERS]):
        a.subscribe(*filters)
        j.subscribe(*filters)
    b.publish(*ANOTHERS)
    host.publish("spBv1.0/plant/NCMD/b", "spBv1.0/plant/DCMD/b/d", *MONEY)
    host.publish("spBv1.0/STATE/openykt-1", "spBv1.0/plant/NCMD/a", "spBv1.0/plant/DCMD/a/d")
    a.until("spBv1.0/STATE/openykt-1", "spBv1.0/plant/NCMD/a", "spBv1.0/plant/DCMD/a/d")
    assert [one for one in set(a.heard) if one not in HOSTS] == []
    assert j.heard == []


def test_its_last_will_is_no_way_around(place: Place) -> None:
    host = place.peer(HOST_USER)
    host.subscribe("#", "oykt/#")
    for will in (MONEY[0], "spBv1.0/plant/NDEATH/b", "spBv1.0/plant/NDEATH/a"):
        place.peer("dock.a", will=will).dies()
    host.until("spBv1.0/plant/NDEATH/a")
    assert set(host.heard) == {"spBv1.0/plant/NDEATH/a"}


def test_it_throws_nobody_off_by_his_client_id(place: Place) -> None:
    host, b = place.peer(HOST_USER, client_id=HOST_USER), place.peer("dock.b", client_id="dock.b")
    for client_id in ("dock.b", HOST_USER, plans.BOX, "cloud-ingest"):
        place.peer("dock.a", client_id=client_id)
    host.subscribe("spBv1.0/#")
    b.publish("spBv1.0/plant/NDATA/b")
    host.until("spBv1.0/plant/NDATA/b")
    assert not host.lost.is_set()
    assert not b.lost.is_set()


@pytest.mark.parametrize("user", ["dock.a", "dock.nobody", plans.BOX, "cloud-ingest", HOST_USER, ""])
def test_without_the_secret_nobody_comes_in(place: Place, user: str) -> None:
    assert place.peer(user, "wrong").code[0] != "Success"


@at_mosquitto_only
def test_money_goes_on_beside_and_neither_hears_the_other(place: Place) -> None:
    """At the mosquitto that both use: what a box sends to the ingest is nothing to a device, nor the other way."""
    assert place.ports is not None
    ingest = place.box(place.ports.cloud, "cloud", "ingest")
    box = place.box(place.ports.boxes, f"boxes/{plans.BOX}", "box")
    a, host = place.peer("dock.a"), place.peer(HOST_USER)
    up, down = MONEY[0], MONEY[len(UPWARD)]
    for peer in (a, host):
        peer.subscribe("#", "oykt/#", up, down)
    ingest.subscribe("oykt/v1/+/+/up/now", "#")
    box.subscribe("#", down)
    a.publish(up, down, *OWN)
    host.until(*OWN)
    host.publish(up, down)
    box.publish(up)
    ingest.until(up)
    ingest.publish(down)
    box.until(down)
    assert (ingest.heard, box.heard) == ([up], [down])
    assert not [one for one in a.heard + host.heard if one.startswith("oykt")]


@at_mosquitto_only
def test_a_device_that_is_taken_off_is_out(place: Place) -> None:
    """mosquitto reads its rights again when it is told; the account and its session are gone."""
    a = place.peer("dock.a")
    with closing(open_docking(place.data / "cloud")) as store:
        store.remove_account("a")
        assert prepare(place.data, place.data / "cloud", store, SETTINGS), "the broker's process was told"
    last = time.monotonic() + PATIENCE_S
    while place.peer("dock.a").code[0] == "Success":
        assert time.monotonic() < last
    assert a.lost.wait(PATIENCE_S)
