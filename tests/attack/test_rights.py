"""A box with a genuine certificate tries every topic of another's, and everything that is nobody's."""

import json
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from getpass import getuser
from pathlib import Path

import pytest

from compose.servers.ports import free_port
from tests.attack.cbor_bytes import message
from tests.attack.mqtt_bytes import NOT_AUTHORIZED, Client
from tests.attack.place import Place

pytestmark = pytest.mark.process
IDS = ("now.canteen", "money.canteen", "canteen", "money.annex", "cloud-ingest", "ingest")
UP, DOWN = ("up/now", "up/money", "up/bulk", "state"), ("down/now", "down/money")
PROBES = ("#", "oykt/#", "oykt/v1/#", "+/+/+/+/+/+", "oykt/v1/+/annex/#", "$SYS/#", "oykt/v1/+/+/up/money")
CONFIGURATION = """
listener {cloud} 127.0.0.1
cafile {folder}/cloud.pem
certfile {folder}/broker.pem
keyfile {folder}/broker.key
require_certificate true
use_identity_as_username true
listener {port} 127.0.0.1
cafile {folder}/ca.pem
certfile {folder}/broker.pem
keyfile {folder}/broker.key
crlfile {folder}/crl.pem
require_certificate true
use_identity_as_username true
use_username_as_clientid true
allow_anonymous false
acl_file {folder}/acl
user {user}
"""


@pytest.fixture
def cloud() -> int:
    """The port of the cloud's own door."""
    return free_port()


@pytest.fixture
def place(room: Path, cloud: int) -> Iterator[Place]:
    """A broker with the doors and rights that provisioning wrote, and nothing else."""
    with Place(room) as place:
        place.port = free_port()
        (place.data / "broker" / "acl").chmod(0o600)
        file = room / "mosquitto.conf"
        files = place.data / "broker"
        file.write_text(CONFIGURATION.format(port=place.port, cloud=cloud, folder=files, user=getuser()))
        place.begin("broker", "mosquitto", "-c", file)
        place.until("the broker is ready", lambda: place.is_ready("broker"))
        yield place


def identity(folder: Path, stem: str, ca: Path | None = None) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=ca or folder / "ca.pem")
    made.load_cert_chain(folder / f"{stem}.pem", folder / f"{stem}.key")
    return made


def _box(place: Place, box: str) -> ssl.SSLContext:
    return identity(place.data / "boxes" / box, "box")


def test_a_box_speaks_and_hears_as_itself_only(place: Place, cloud: int) -> None:
    ingest = identity(place.data / "cloud", "ingest")
    everything = [*(f"oykt/v1/+/+/{lane}" for lane in UP)]
    own = _box(place, "canteen")
    with Client(cloud, "ingest", tls=ingest) as centre, Client(place.port, "thief", tls=own) as box:
        assert max(centre.subscribe(pattern) for pattern in everything) < 0x80
        for pattern in (*PROBES, *(place.lane(lane, "annex") for lane in (*UP, *DOWN))):
            box.subscribe(pattern)  # granted or not: what counts is what is delivered
        for lane in UP:
            assert box.publish(place.lane(lane), lane.encode(), retain=True) == 0
            for topic in (place.lane(lane, "annex"), place.lane(lane).replace("/p", "/p0", 1), f"oykt/v1/p00/x/{lane}"):
                assert box.publish(topic, b"in another's name", retain=True) == NOT_AUTHORIZED, topic
        for lane in DOWN:
            for name in ("canteen", "annex"):
                assert box.publish(place.lane(lane, name), b"an answer of nobody") == NOT_AUTHORIZED
            assert centre.publish(place.lane(lane, "annex"), b"for the annex") == 0
        for topic in ("$SYS/broker/uptime", "oykt", "oykt/v2/p00/canteen/up/now", place.lane("up/now") + "/x"):
            assert box.publish(topic, b"") == NOT_AUTHORIZED, topic
        for client in (centre, box):
            client.ping()
        mine = {(place.lane(lane), lane.encode()) for lane in UP if lane != "up/bulk"}
        assert {(heard.topic, heard.payload) for heard in centre.heard} == mine
        assert [heard for heard in box.heard if not heard.topic.startswith("$SYS")] == []


def test_the_last_will_of_a_box_speaks_for_nobody_else(place: Place, cloud: int) -> None:
    state = message(12, "annex", b"store--1", 1, False, 0, 0, 0, 0, 0, [], 0, 0)
    with Client(cloud, "ingest", tls=identity(place.data / "cloud", "ingest")) as centre:
        centre.subscribe("oykt/v1/+/+/state")
        for box, heirs in (("canteen", []), ("annex", [place.lane("state", "annex")])):
            try:
                Client(place.port, "dying", tls=_box(place, box), will=(place.lane("state", "annex"), state)).close()
            except ConnectionError:
                assert box == "canteen", "refused at once is as good"
            centre.listen(1.0)
            assert [heard.topic for heard in centre.heard] == heirs


def test_a_stolen_box_throws_nobody_off(place: Place, cloud: int) -> None:
    """C13: with its own, genuine certificate it takes every client id that it can think of."""
    with (
        Client(cloud, "money.canteen", tls=identity(place.data / "cloud", "ingest")) as centre,
        Client(place.port, "canteen", tls=_box(place, "canteen")) as victim,
    ):
        centre.subscribe("oykt/v1/+/+/up/money")
        with ExitStack() as thieves:
            for name in IDS:
                thieves.enter_context(Client(place.port, name, tls=_box(place, "annex"))).ping()
            assert victim.publish(place.lane("up/money"), b"still here") == 0
            centre.ping()
        assert [heard.payload for heard in centre.heard] == [b"still here"]


def test_a_stolen_box_does_not_come_in_by_the_clouds_door(place: Place, cloud: int) -> None:
    """Nobody else is connected meanwhile: mosquitto 2.0 may hang up on a bystander when a handshake fails (open.md)."""
    for name in IDS:
        with pytest.raises(OSError), Client(cloud, name, tls=_box(place, "annex")) as thief:
            thief.ping()
    with Client(cloud, "ingest", tls=identity(place.data / "cloud", "ingest")) as centre:
        centre.ping()


def test_a_certificate_of_the_same_name_from_elsewhere_stays_outside(place: Place, tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl: no foreign certificate can be made")
    name = json.loads((place.data / "boxes" / "canteen" / "edge.json").read_text())["box"]
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
         f"/CN={name}", "-keyout", tmp_path / "box.key", "-out", tmp_path / "box.pem", "-days", "2"],
        check=True, capture_output=True,
    )  # fmt: skip
    stranger = identity(tmp_path, "box", place.data / "boxes" / "canteen" / "ca.pem")
    with pytest.raises((ssl.SSLError, ConnectionError)), Client(place.port, "canteen", tls=stranger) as client:
        client.publish(place.lane("up/money"), b"")
