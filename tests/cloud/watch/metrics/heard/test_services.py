"""The pages of the real services have what the closed list has, and /readyz says for whom each waits."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from cloud.watch.metrics.heard.pages import Place, points_of
from cloud.watch.metrics.series import CONSOLE, INGEST, KEYS, OF_SERVICES, SERIES
from compose.parts.standing import Standing
from compose.servers.ports import free_port
from compose.servers.servers import embedded_broker
from tests.cloud.campus import Campus, part
from tests.cloud.field import FieldBox
from tests.cloud.ingest.test_process import ingest_part, join, lunch
from tests.cloud.process.test_health import ask
from tests.cloud.watch.metrics.test_process import health_port, until

pytestmark = pytest.mark.process


def told(place: Place) -> dict[str, float]:
    return {name: value for point in points_of(place, 1) for name, value in point.values}


def listed(measurement: str) -> set[str]:
    return {name for name in OF_SERVICES if SERIES[name].measurement == measurement}


def test_ingest_console_and_key_process_say_how_they_are(provisioned: Campus, campus: Campus, tmp_path: Path) -> None:
    port, socket, health = free_port(), tmp_path / "keys.sock", tmp_path / "health.sock"
    words = "--data", provisioned.data, "--socket", socket, "--health-socket", health
    with ExitStack() as stack:
        broker = stack.enter_context(Standing(embedded_broker(port), tmp_path))
        stack.enter_context(Standing(part("keys", "provisioning", "keys", *words), tmp_path))
        ingest = stack.enter_context(Standing(ingest_part(campus, socket, port, "--health", "0"), tmp_path))
        at = "--port", free_port(), "--health", 0
        console = stack.enter_context(
            Standing(part("console", "cloud", "console", "--data", campus.data, *at), tmp_path)
        )
        ingest_at, console_at = health_port(ingest.log), health_port(console.log)
        body = campus.bodies()[0]
        with FieldBox(campus, body.box, port, 32) as box:
            box.put(*lunch(campus.purses(), body, join(box, body), 40))
            until(lambda: told(Place("ingest", ("127.0.0.1", ingest_at))).get("ingest-posted") == 40)
        said = told(Place("ingest", ("127.0.0.1", ingest_at)))
        assert said.keys() == listed(INGEST)
        assert (said["ingest-received"], said["ingest-refused"]) == (40, 0)
        assert 0 < said["ingest-p50"] <= said["ingest-p99"] < 30
        assert told(Place("keys", health)).keys() == listed(KEYS)
        until(lambda: told(Place("console", ("127.0.0.1", console_at))) == {"console-viewers": 0, "console-stale": 0})
        assert listed(CONSOLE) == {"console-viewers", "console-stale"}
        assert ask(ingest_at, "/readyz") == ask(console_at, "/readyz") == (200, "ok\n")
        broker.kill()
        until(lambda: ask(ingest_at, "/readyz") == (503, "waits for broker\n"))
        assert ask(ingest_at, "/healthz") == (200, "ok\n")
        broker.start()
        until(lambda: ask(ingest_at, "/readyz")[0] == 200)


def test_without_a_port_nothing_is_served(campus: Campus, tmp_path: Path) -> None:
    at = "--port", free_port()
    with Standing(part("console", "cloud", "console", "--data", campus.data, *at), tmp_path) as console:
        assert "HEALTH" not in console.log.read_text()
