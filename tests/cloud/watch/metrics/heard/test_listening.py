"""The watch at a real broker: it hears boxes and the broker, and can lose both and every service without harm."""

import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from compose.parts.standing import Standing
from compose.servers.login import new_login
from compose.servers.ports import free_port
from compose.servers.servers import BrokerFiles, BrokerPorts, embedded_broker, mosquitto
from shared.ids import BoxId, partition_of
from shared.input.login import read_login
from shared.wire.box_state import Reading, ReadingRow, Readings, encode_readings
from shared.wire.topics import UP_BULK, topic
from tests.cloud.campus import Campus, part
from tests.cloud.process.test_health import ask
from tests.cloud.watch.metrics.test_process import health_port, until
from tests.provisioning.test_broker_rights import context

pytestmark = pytest.mark.process
BOX = BoxId("canteen-1")
TOPIC = topic(partition_of(BOX), BOX, UP_BULK)
HEARD = 'ykt_box_cpu_percent{box="canteen-1"} 12.5\n'


class Box:
    """Says readings, as often as it is asked to."""

    def __init__(self, port: int, tls: Path | None = None, login: Path | None = None) -> None:
        self.client = Client(CallbackAPIVersion.VERSION2, BOX, protocol=MQTTProtocolVersion.MQTTv5)
        self.number = 0
        if tls is not None:
            self.client.tls_set_context(context(tls, "box"))
        if login is not None and (known := read_login(login)) is not None:
            self.client.username_pw_set(known.user, known.password)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def says(self, permille: int) -> None:
        self.number += 1
        rows = (ReadingRow(Reading.CPU_PERMILLE, "", permille),)
        self.client.publish(TOPIC, encode_readings(Readings(self.number, self.number, 0, rows)))

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def page_of(port: int) -> str:
    with suppress(OSError):
        return ask(port, "/metrics")[1]
    return ""


def test_boxes_are_heard_over_mutual_tls_and_the_broker_says_how_it_is(
    provisioned: Campus, campus: Campus, tmp_path: Path
) -> None:
    ports = BrokerPorts(free_port(), free_port())
    broker = mosquitto(tmp_path / "broker", ports, BrokerFiles.of_campus(provisioned.data))
    words = "--data", campus.data, "--health", 0, "--broker", f"127.0.0.1:{ports.cloud}", "--tls"
    with ExitStack() as stack:
        standing = stack.enter_context(Standing(broker, tmp_path))
        watch = stack.enter_context(Standing(part("watch", "cloud", "watch", *words), tmp_path))
        port, box = health_port(watch.log), Box(ports.boxes, provisioned.data / "boxes" / BOX)
        stack.callback(box.close)

        def hears() -> bool:
            box.says(125)
            time.sleep(1.1)  # a box's pace
            return HEARD in page_of(port) and "ykt_broker_clients" in page_of(port)

        until(hears)
        assert "ykt_broker_heard 1\n" in page_of(port)
        standing.kill()
        until(lambda: "ykt_broker_heard 0\n" in page_of(port))
        assert "ykt_broker_clients" not in page_of(port), "what it said is not how it is"
        assert ask(port, "/healthz") == ask(port, "/readyz") == (200, "ok\n")
        standing.start()
        until(hears)


def test_the_embedded_broker_asks_for_its_login(campus: Campus, tmp_path: Path) -> None:
    port, login = free_port(), new_login(tmp_path / "login")
    words = "--data", campus.data, "--health", 0, "--broker", f"127.0.0.1:{port}", "--broker-login", login
    with ExitStack() as stack:
        stack.enter_context(Standing(embedded_broker(port, login=login), tmp_path))
        watch = stack.enter_context(Standing(part("watch", "cloud", "watch", *words), tmp_path))
        health, box = health_port(watch.log), Box(port, login=login)
        stack.callback(box.close)

        def hears() -> bool:
            box.says(125)
            time.sleep(1.1)
            return HEARD in page_of(health)

        until(hears)


def test_a_service_that_is_not_there_costs_points_alone(campus: Campus, keys_socket: Path, tmp_path: Path) -> None:
    words = "--data", campus.data, "--health", 0, "--page", f"keys={tmp_path / 'nobody.sock'}"
    nobody = "--broker", f"127.0.0.1:{free_port()}", "--page", f"ingest=127.0.0.1:{free_port()}"
    with Standing(part("watch", "cloud", "watch", *words, *nobody), tmp_path) as watch:
        port = health_port(watch.log)
        until(lambda: "ykt_broker_heard 0\n" in page_of(port))
        assert ask(port, "/readyz") == (200, "ok\n")
        assert "ykt_keys" not in page_of(port), "not known, and not 0"
