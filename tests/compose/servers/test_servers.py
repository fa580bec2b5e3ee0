"""The servers as they are started: what they accept, what they refuse, what survives them."""

import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

import paho.mqtt.client as mqtt
import psycopg
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from compose.parts.standing import NotStanding, Standing
from compose.servers import servers
from compose.servers.login import new_login
from compose.servers.ports import free_port
from compose.servers.postgres import PostgresError, clear_stale_pid, newest_programs
from compose.servers.postgres import postgres as prepare_postgres
from compose.servers.render import UnsafeValue, render
from compose.servers.servers import BrokerFiles, BrokerPorts, ServerMissing, embedded_broker, mosquitto
from compose.servers.servers import mosquitto_plain as plain
from shared.input.login import Login, read_login
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.process
TOPIC = "oykt/v1/p00/box-1/up/now"


def talk(port, *, payload, tls=None, topic=TOPIC, login=None):
    """Publish to oneself and return what came back; None if the broker refuses, hangs up or is silent for too long."""
    got = []

    def published(_client, _data, _id, reason, _properties):
        if reason.is_failure:
            got.append(None)

    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="box-1", protocol=MQTTProtocolVersion.MQTTv5)
    client.on_message = lambda _client, _data, message: got.append(message.payload)
    client.on_connect = lambda *_: client.subscribe(topic, qos=1)
    client.on_subscribe = lambda *_: client.publish(topic, payload, qos=1)
    client.on_publish = published
    client.on_disconnect = lambda *_: got.append(None)
    if tls:
        client.tls_set_context(tls)
    if login:
        client.username_pw_set(login.user, login.password)
    client.connect("127.0.0.1", port)
    for _ in range(int(PATIENCE_S / 0.1)):
        client.loop(0.1)
        if got:
            break
    client.on_disconnect = None
    client.disconnect()
    client.loop(0.1)
    return got[0] if got else None


def test_embedded_broker_carries_a_message_of_half_a_mebibyte(broker):
    payload = os.urandom(1 << 19)
    assert talk(broker.port, payload=payload) == payload


def test_embedded_broker_ends_the_connection_at_a_payload_above_its_bound(broker):
    assert talk(broker.port, payload=bytes((1 << 20) + 1)) is None


def test_embedded_broker_listens_on_loopback_only(broker):
    tables = "".join(Path(f"/proc/net/{family}").read_text() for family in ("tcp", "tcp6"))
    sockets = [line.split() for line in tables.splitlines()]
    listening = [words[1] for words in sockets if words[3] == "0A" and words[1].endswith(f":{broker.port:04X}")]
    assert listening == [f"0100007F:{broker.port:04X}"]


def test_embedded_broker_with_a_login_lets_nobody_else_in(tmp_path):
    file, port = new_login(tmp_path / "login"), free_port()
    login = read_login(file)
    with Standing(embedded_broker(port, login=file), tmp_path) as standing:
        assert talk(port, payload=b"hi", login=login) == b"hi"
        assert talk(port, payload=b"hi") is None
        assert talk(port, payload=b"hi", login=Login(login.user, "another")) is None
        assert talk(port, payload=b"hi", login=Login("another", login.password)) is None
        shown = Path(f"/proc/{standing.pid}/cmdline").read_bytes() + Path(f"/proc/{standing.pid}/environ").read_bytes()
    assert login.password.encode() not in shown + standing.log.read_bytes()


def test_every_start_has_another_login(tmp_path):
    logins = {new_login(tmp_path / str(n)).read_bytes() for n in range(9)}
    assert len(logins) == 9
    assert (tmp_path / "0").stat().st_mode & 0o777 == 0o600


def test_embedded_broker_ends_when_its_pipe_closes(tmp_path):
    with Standing(embedded_broker(free_port()), tmp_path) as standing:
        process = standing._process
        process.stdin.close()
        assert process.wait(PATIENCE_S) == 0


def test_plain_mosquitto_carries_a_message(mosquitto_plain):
    assert talk(mosquitto_plain.port, payload=b"12.50") == b"12.50"


def test_killed_broker_stands_again_on_the_same_port(tmp_path):
    port = free_port()
    with Standing(plain(port), tmp_path) as standing:
        standing.kill()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        standing.start()
        assert talk(port, payload=b"again") == b"again"


EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
SIGNED = ("-CA", "ca.crt", "-CAkey", "ca.key", "-copy_extensions", "copy")


def openssl(folder, *words):
    subprocess.run(("openssl", *words), cwd=folder, check=True, capture_output=True)


def certificate(folder, name):
    subject = ("-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1")
    openssl(folder, "req", *EC, *subject, "-keyout", f"{name}.key", "-out", f"{name}.csr")
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", *SIGNED, "-out", f"{name}.crt")


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pki")
    usage = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
    openssl(folder, "req", "-x509", *EC, "-subj", "/CN=ca", *usage, "-keyout", "ca.key", "-out", "ca.crt")
    for name in ("server", "box-1", "box-2"):
        certificate(folder, name)
    own = ("-subj", "/CN=box-1", "-keyout", "cloud.key", "-out", "cloud.crt")  # a name with rights, by its own key
    openssl(folder, "req", "-x509", *EC, *own)
    (folder / "acl").write_text("pattern readwrite oykt/v1/+/%u/#\n")
    (folder / "acl").chmod(0o644)
    return folder


@pytest.fixture(scope="module")
def doors(pki, tmp_path_factory):
    ports = BrokerPorts(free_port(), free_port())
    files = BrokerFiles(pki / "ca.crt", pki / "server.crt", pki / "server.key", pki / "acl", pki / "cloud.crt")
    with Standing(mosquitto(tmp_path_factory.mktemp("data"), ports, files), pki):
        yield ports


@pytest.fixture(scope="module")
def mutual(doors):
    return doors.boxes


def client_side(pki, name=None):
    context = ssl.create_default_context(cafile=pki / "ca.crt")
    if name:
        context.load_cert_chain(pki / f"{name}.crt", pki / f"{name}.key")
    return context


def test_mutual_tls_takes_the_user_from_the_certificate(pki, mutual):
    assert talk(mutual, payload=b"mine", tls=client_side(pki, "box-1")) == b"mine"


def test_mutual_tls_gives_no_right_to_another_boxs_topic(pki, mutual):
    assert talk(mutual, payload=b"not mine", tls=client_side(pki, "box-2")) is None


def test_mutual_tls_refuses_a_client_without_certificate(pki, mutual):
    side = client_side(pki)
    with (
        socket.create_connection(("127.0.0.1", mutual)) as raw,
        side.wrap_socket(raw, server_hostname="127.0.0.1") as tls,
        pytest.raises(ssl.SSLError, match="CERTIFICATE_REQUIRED"),
    ):
        tls.recv(1)


@pytest.mark.parametrize(("suites", "spoken"), [("ECDHE+AES:!AESGCM:!AESCCM", False), ("ECDHE+AESGCM", True)])
@pytest.mark.parametrize("door", ["boxes", "cloud"])
def test_no_suite_with_cbc_is_spoken(pki, doors, suites, spoken, door):
    context = client_side(pki, {"boxes": "box-1", "cloud": "cloud"}[door])
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(suites)
    with socket.create_connection(("127.0.0.1", getattr(doors, door)), PATIENCE_S) as raw:
        refused = nullcontext() if spoken else pytest.raises(ssl.SSLError, match=r"(?i)handshake.failure")
        with refused, context.wrap_socket(raw, server_hostname="127.0.0.1") as caller:
            assert "GCM" in caller.cipher()[0]


def test_a_session_that_takes_nothing_costs_the_broker_a_bounded_memory(pki, tmp_path, monkeypatch):
    monkeypatch.setattr(servers, "QUEUED_MESSAGES_MAX", 50)
    ports = BrokerPorts(free_port(), free_port())
    port = ports.boxes
    files = BrokerFiles(pki / "ca.crt", pki / "server.crt", pki / "server.key", pki / "acl", pki / "cloud.crt")
    with Standing(mosquitto(tmp_path, ports, files), tmp_path):
        asleep = durable(ports.cloud, client_side(pki, "cloud"))
        asleep.disconnect()
        asleep.loop(0.1)
        for n in range(120):
            assert talk(port, payload=bytes([n]), tls=client_side(pki, "box-1")) == bytes([n])
        heard = []
        awake = durable(ports.cloud, client_side(pki, "cloud"), heard.append)
        last_s = time.monotonic() + PATIENCE_S
        while len(heard) < 50 and time.monotonic() < last_s:
            awake.loop(0.1)
        awake.loop(0.5)
        assert heard == [bytes([n]) for n in range(50)], "the oldest; none is lost, for their box has no ledger's ack"
        awake.disconnect()


def durable(port, tls, hear=None):
    """A session that the broker keeps, subscribed."""
    ready = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="durable", protocol=MQTTProtocolVersion.MQTTv5)
    client.on_message = lambda _client, _data, message: hear and hear(message.payload)
    client.on_connect = lambda *_: client.subscribe(TOPIC, qos=1)
    client.on_subscribe = lambda *_: ready.append(True)
    client.tls_set_context(tls)
    kept = Properties(PacketTypes.CONNECT)
    kept.SessionExpiryInterval = 600
    client.connect("127.0.0.1", port, clean_start=False, properties=kept)
    while not ready:
        assert client.loop(0.1) == mqtt.MQTT_ERR_SUCCESS
    return client


def test_rights_are_readable_by_their_owner_only(pki, mutual):
    assert (pki / "acl").stat().st_mode & 0o777 == 0o600


def test_part_that_does_not_get_ready_shows_its_last_lines(pki, tmp_path):
    files = BrokerFiles(pki / "absent.crt", pki / "server.crt", pki / "server.key", pki / "acl", pki / "cloud.crt")
    with (
        pytest.raises(NotStanding, match=r"(?s)broker:.*absent\.crt"),
        Standing(mosquitto(tmp_path, BrokerPorts(free_port(), free_port()), files), tmp_path),
    ):
        pass


def test_value_that_would_end_its_line_is_refused():
    with pytest.raises(UnsafeValue):
        render("iotcore.toml", port='1883"\n[v4.1]', max_payload=1)


@pytest.mark.parametrize("name", ["fsync", "synchronous_commit", "full_page_writes", "data_checksums"])
def test_postgres_is_durable_and_checks_its_pages(postgres, name):
    with psycopg.connect(postgres) as db:
        assert db.execute("SELECT current_setting(%s)", (name,)).fetchone()[0] == "on"


def test_postgres_gives_an_empty_database_without_a_network(postgres):
    with psycopg.connect(postgres) as db:
        assert db.execute("SHOW listen_addresses").fetchone()[0] == ""
        assert db.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()[0] == 0


def test_postgres_socket_is_closed_to_others(postgres_server):
    assert postgres_server.sockets.stat().st_mode & 0o077 == 0


def test_postgres_name_is_data_not_sql(postgres_server):
    name = 'a"; DROP ROLE postgres; --'
    with psycopg.connect(postgres_server.create_database(name)) as db:
        assert db.execute("SELECT current_database()").fetchone()[0] == name
    postgres_server.drop_database(name)


@pytest.fixture
def open_folder():
    """A folder the server's user may enter; pytest's own are closed to it."""
    folder = Path(tempfile.mkdtemp(prefix="openykt-test-", dir="/var/tmp"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


def test_postgres_keeps_its_data_over_a_kill_and_a_stale_pid(open_folder):
    server = prepare_postgres(open_folder)
    with Standing(server.part, open_folder) as standing:
        with psycopg.connect(server.create_database("kept")) as db:
            db.execute("CREATE TABLE kept (fen bigint)")
            db.execute("INSERT INTO kept VALUES (1250)")
        standing.kill()
        assert (server.place / "cluster" / "postmaster.pid").exists()
    again = prepare_postgres(open_folder)
    assert again.place == server.place
    assert not (server.place / "cluster" / "postmaster.pid").exists()
    with Standing(again.part, open_folder), psycopg.connect(again.create_database("kept")) as db:
        assert db.execute("SELECT sum(fen) FROM kept").fetchone()[0] == 1250


def test_postgres_that_lost_its_launcher_is_ended_first(open_folder):
    server = prepare_postgres(open_folder)
    with Standing(server.part, open_folder) as standing:
        orphan = standing._process
        clear_stale_pid(server.place / "cluster")
        assert orphan.wait(PATIENCE_S) == 0


def test_half_made_cluster_is_made_again(open_folder):
    server = prepare_postgres(open_folder)
    (server.place / "cluster").rename(server.place / "cluster.new")
    (server.place / "cluster.new" / "PG_VERSION").unlink()
    assert (prepare_postgres(open_folder).place / "cluster" / "PG_VERSION").exists()
    assert not (server.place / "cluster.new").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")
def test_postgres_moves_out_of_a_folder_its_user_cannot_enter(tmp_path):
    tmp_path.chmod(0o700)
    server = prepare_postgres(tmp_path / "data")
    try:
        assert server.place.is_relative_to("/var/lib/openykt")
        assert prepare_postgres(tmp_path / "data").place == server.place
        with Standing(server.part, tmp_path):
            assert server.create_database("there").startswith("postgresql://")
    finally:
        shutil.rmtree(server.place)


def test_newest_installed_version_is_taken(tmp_path):
    for version in ("9.6", "15", "17", "notes"):
        (tmp_path / version / "bin").mkdir(parents=True)
        (tmp_path / version / "bin" / "postgres").touch()
    assert newest_programs(tmp_path) == tmp_path / "17" / "bin"


def test_missing_server_names_its_package(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServerMissing, match="postgresql"):
        newest_programs(tmp_path)


def test_failed_step_says_what_the_server_said(postgres_server):
    with pytest.raises(PostgresError, match=r"psql.*zero"):
        postgres_server._ask("SELECT 1/0")
