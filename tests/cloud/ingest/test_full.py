"""The ingest on the real servers: mosquitto with mutual TLS and generated rights, and PostgreSQL."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from compose.parts.standing import Standing
from compose.servers.ports import free_port
from compose.servers.servers import BrokerFiles, BrokerPorts, mosquitto
from shared.wire.topics import UP_MONEY, topic
from tests.cloud.campus import Campus, Purse, run_part
from tests.cloud.field import FieldBox, until
from tests.cloud.ingest.test_process import ingest_part, join, lunch

pytestmark = [pytest.mark.process, pytest.mark.postgres]


CUT = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
    "WHERE pid <> pg_backend_pid() AND datname = current_database()"
)


@dataclass
class FullSite:
    """A campus on real servers. `dsn`: its PostgreSQL."""

    campus: Campus
    made: Path
    port: int
    dsn: str
    ingest: Standing
    purses: list[Purse]

    def box(self, name: str = "canteen-1", batch: int = 32) -> FieldBox:
        box = next(row.box for row in self.campus.inventory.boxes if row.box == name)
        return FieldBox(self.campus, box, self.port, batch, self.made / "boxes" / name)

    def asked(self, sql: str) -> list[tuple]:
        with psycopg.connect(self.dsn, autocommit=True) as db:
            return db.execute(sql).fetchall()

    def posted(self) -> int:
        return self.asked("SELECT count(*) FROM entry WHERE record IS NOT NULL")[0][0]


@pytest.fixture(scope="module")
def full(
    provisioned: Campus, keys_socket: Path, postgres: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FullSite]:
    folder = tmp_path_factory.mktemp("full")
    campus = provisioned.copy_to(folder / "data")
    files = BrokerFiles.of_campus(provisioned.data)
    ports = BrokerPorts(free_port(), free_port())
    run_part("cloud", "import", "--data", campus.data, "--dsn", postgres)
    part = ingest_part(campus, keys_socket, ports.cloud, "--tls", "--dsn", postgres)
    with Standing(mosquitto(folder / "broker", ports, files), folder), Standing(part, folder) as ingest:
        yield FullSite(campus, provisioned.data, ports.boxes, postgres, ingest, campus.purses())


def test_a_lunch_over_mutual_tls_into_postgresql(full: FullSite) -> None:
    before = full.posted()
    body = full.campus.bodies()[0]
    with full.box() as box:
        epoch = join(box, body)
        box.put(*lunch(full.purses, body, epoch, 200))
        until(box.all_settled, "settled")
    assert full.posted() == before + 200


def test_a_box_that_speaks_as_another_is_not_heard(full: FullSite) -> None:
    """The broker's rights, generated from topics.py, stop it before the ledger has to."""
    before = full.posted()
    body = full.campus.bodies()[1]
    with full.box() as canteen, full.box("bus-1") as bus:
        epoch = join(canteen, body)
        forged = topic(canteen.partition, canteen.box, UP_MONEY)
        info = bus._client.publish(forged, b"\x01 from nobody", qos=1)
        (tap,) = lunch(full.purses[:1], body, epoch, 1)
        canteen.put(tap)
        until(canteen.all_settled, "settled")
        assert info.rc == 0
    assert full.asked("SELECT count(*) FROM junk") == [(0,)]
    assert full.posted() == before + 1


def test_a_database_connection_cut_in_the_middle_costs_nothing(full: FullSite) -> None:
    before = full.posted()
    body = full.campus.bodies()[2]
    cut = 0
    with full.box(batch=8) as box:
        epoch = join(box, body)
        taps = lunch(full.purses, body, epoch, 300)
        for at in range(0, 300, 60):
            box.put(*taps[at : at + 60])
            cut += full.asked(CUT)[0][0]
        until(box.all_settled, "settled")
    assert cut
    assert full.posted() == before + 300


def test_an_ingest_killed_over_tls_goes_on(full: FullSite) -> None:
    before = full.posted()
    body = full.campus.bodies()[3]
    with full.box(batch=8) as box:
        epoch = join(box, body)
        taps = lunch(full.purses, body, epoch, 120)
        for at in range(0, 120, 60):
            box.put(*taps[at : at + 60])
            full.ingest.kill()
            full.ingest.start()
        until(box.all_settled, "settled")
    assert full.posted() == before + 120
