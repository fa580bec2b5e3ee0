"""Configuration of an installation, from templates: none of it is secret."""

from compose.server.engine import HOST, Engine
from compose.server.installation import Installation
from compose.server.layout import FOLDERS, MARK
from compose.servers.render import render
from compose.servers.servers import QUEUED_BYTES_MAX, QUEUED_MESSAGES_MAX

CONFIG, SECRETS = "/etc/openykt", "/secrets"
"""Where a container has them."""
Given = tuple[str, int, int]
"""Text, user, mode."""
DOOR = "data/signer/cloud"
"""What the enrolment door sees of the signer's data."""
SOCKETS = "/run/ykt/postgres"
DSN = "postgresql://openykt@/openykt?host=%2Frun%2Fykt%2Fpostgres"
"""No password: the database asks the kernel which user calls (peer), over a socket."""
UNIT = "openykt-server.service"
METRIC_STORE = 'url = "http://metrics:8428"\n'


def files(one: Installation, root: str, engine: Engine) -> dict[str, Given]:
    """Path below the root → text, user, mode. engine: starts compose, for the unit of the boot."""
    owner = {folder.path: folder.user for folder in FOLDERS}
    return {
        ".env": (environment(one), 0, 0o644),
        UNIT: (_unit(root, engine), 0, 0o644),
        "config/broker/mosquitto.conf": (_broker(), owner["config/broker"], 0o400),
        "config/postgres/postgresql.conf": (_database(), owner["config/postgres"], 0o400),
        "config/postgres/pg_hba.conf": (render("server/pg_hba.conf"), owner["config/postgres"], 0o400),
        "config/postgres/pg_ident.conf": (render("server/pg_ident.conf"), owner["config/postgres"], 0o400),
        "data/ingest/cloud/ledger.dsn": (f"{DSN}\n", owner["data/ingest"], 0o600),
        "data/cloud/cloud/ledger.dsn": (f"{DSN}\n", owner["data/cloud"], 0o600),
        "data/cloud/cloud/metrics.toml": (METRIC_STORE, owner["data/cloud"], 0o600),
        **{
            f"{folder.path}/{MARK}": (f"{one.identity}\n", folder.user, 0o400)
            for folder in FOLDERS
            if folder.has_data or folder.path == DOOR
        },
    }


def environment(one: Installation) -> str:
    """What compose.yaml asks for."""
    return render("server/environment", version=one.version, identity=one.identity, address=one.address)


def _unit(root: str, engine: Engine) -> str:
    program, host = " ".join(engine.compose), f"{HOST}={engine.host}" if engine.host else ""
    return render("server/openykt-server.service", folder=root, program=program, environment=host)


def _broker() -> str:
    return render(
        "mosquitto.conf",
        port=8883, address="0.0.0.0", cloud_port=8884, cloud_address="0.0.0.0",  # noqa: S104  # of its container
        cafile=f"{CONFIG}/ca.pem", certfile=f"{CONFIG}/broker.pem", keyfile=f"{SECRETS}/broker.key",
        acl_file=f"{SECRETS}/acl", cloudfile=f"{CONFIG}/cloud.pem", crl="crlfile /revoked/crl.pem", user="",
        pid_file="/tmp/mosquitto.pid",  # noqa: S108  # of its container
        queued_messages=QUEUED_MESSAGES_MAX, queued_bytes=QUEUED_BYTES_MAX, folder="/var/lib/openykt",
    )  # fmt: skip


def _database() -> str:
    return render("postgresql.conf", port=5432, sockets=SOCKETS) + render("server/postgresql-more.conf", config=CONFIG)
