"""What an installation consists of: users by number, directories and whose they are, and which file of a campus goes to
which service. Pure.

A number of a user is on disks for ever: it never changes, and compose/images/users has the same. Secrets are files, one
directory for each service, which that service alone is given.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from shared.keys.front_token import TOKEN_FILE
from shared.keys.webhook_key import WEBHOOK_KEY

ROOT_USER = 0
POSTGRES, BROKER, METRICS, KEYS, INGEST, CLOUD, SIGNER, FRONT, PLATFORM = range(10_001, 10_010)
BOOKS_GROUP = 10_020
"""Who may reach the database's socket."""
ISSUE = "issue"
"""The campus as provisioning makes it: of it cards, terminals, boxes and the upper keys leave the server."""
PLAN = "plan.json"
MARK = "installation"
"""In each directory with data: whose it is. compose/images/enter asks for it."""


class Folder(NamedTuple):
    """A directory of the installation, below its root."""

    path: str
    user: int
    group: int
    mode: int

    @property
    def has_data(self) -> bool:
        """Does the installation live on what is in it?"""
        return self.path.startswith("data/") and self.path.count("/") == 1


FOLDERS = (
    Folder("config", ROOT_USER, ROOT_USER, 0o755),
    Folder("config/broker", BROKER, BROKER, 0o500),
    Folder("config/postgres", POSTGRES, POSTGRES, 0o500),
    Folder("secrets", ROOT_USER, ROOT_USER, 0o711),
    Folder("secrets/broker", BROKER, BROKER, 0o500),
    Folder("secrets/keys", KEYS, KEYS, 0o500),
    Folder("secrets/ingest", INGEST, INGEST, 0o500),
    Folder("secrets/console", CLOUD, CLOUD, 0o500),
    Folder("secrets/watch", CLOUD, CLOUD, 0o500),
    Folder("secrets/desk", CLOUD, CLOUD, 0o500),
    Folder("secrets/signer", SIGNER, SIGNER, 0o500),
    Folder("secrets/accounts", CLOUD, CLOUD, 0o500),
    Folder("secrets/payments", CLOUD, CLOUD, 0o500),
    Folder("secrets/wallet", FRONT, FRONT, 0o500),
    Folder("secrets/open", PLATFORM, PLATFORM, 0o500),
    Folder("secrets/seal", ROOT_USER, ROOT_USER, 0o500),
    Folder("data", ROOT_USER, ROOT_USER, 0o711),
    Folder("data/postgres", POSTGRES, POSTGRES, 0o700),
    Folder("data/broker", BROKER, BROKER, 0o700),
    Folder("data/metrics", METRICS, METRICS, 0o700),
    Folder("data/keys", KEYS, KEYS, 0o700),
    Folder("data/keys/keys", KEYS, KEYS, 0o700),
    Folder("data/ingest", INGEST, INGEST, 0o700),
    Folder("data/ingest/cloud", INGEST, INGEST, 0o700),
    Folder("data/cloud", CLOUD, CLOUD, 0o700),
    Folder("data/cloud/cloud", CLOUD, CLOUD, 0o700),
    Folder("data/signer", SIGNER, SIGNER, 0o700),
    Folder("data/signer/keys", SIGNER, SIGNER, 0o700),
    Folder("data/signer/cloud", SIGNER, SIGNER, 0o700),
    Folder("data/signer/boxes", SIGNER, SIGNER, 0o700),
    Folder("data/signer/broker", SIGNER, BROKER, 0o750),
    Folder("data/front", FRONT, FRONT, 0o700),
    Folder("data/front/front", FRONT, FRONT, 0o700),
    Folder("data/open", PLATFORM, PLATFORM, 0o700),
    Folder("data/open/open", PLATFORM, PLATFORM, 0o700),
    Folder("backup", POSTGRES, POSTGRES, 0o700),
    Folder("run", ROOT_USER, ROOT_USER, 0o711),
    Folder("run/postgres", POSTGRES, BOOKS_GROUP, 0o2750),
    Folder("run/money", KEYS, INGEST, 0o2750),
    Folder("run/desk", KEYS, CLOUD, 0o2750),
    Folder("run/fleet", KEYS, CLOUD, 0o2750),
    Folder("run/phones", KEYS, CLOUD, 0o2750),
    Folder("run/enrol", SIGNER, SIGNER, 0o2750),
    Folder("run/office", SIGNER, CLOUD, 0o2750),
    Folder("run/health", CLOUD, CLOUD, 0o711),
    Folder("run/health/keys", KEYS, CLOUD, 0o2750),
    Folder("run/health/ingest", INGEST, CLOUD, 0o2750),
    Folder("run/health/console", CLOUD, CLOUD, 0o2750),
    Folder("run/health/watch", CLOUD, CLOUD, 0o2750),
    Folder("run/health/desk", CLOUD, CLOUD, 0o2750),
    Folder("run/health/enrol", SIGNER, CLOUD, 0o2750),
    Folder("run/health/accounts", CLOUD, CLOUD, 0o2750),
    Folder("run/health/payments", CLOUD, CLOUD, 0o2750),
    Folder("run/health/wallet", FRONT, CLOUD, 0o2750),
    Folder("run/health/open", PLATFORM, CLOUD, 0o2750),
    Folder("run/beat", CLOUD, INGEST, 0o2750),
)
"""In the order in which they are made. A socket's directory is its owner's, and its group's to come in; the bit gives
the group to the socket."""


DATA = tuple(folder.path for folder in FOLDERS if folder.has_data)
"""What an installation lives on; each has its mark."""


MADE_ANEW = frozenset({"data/front", "data/open"})
"""Of these: what holds nothing but what an upgrade makes again; where it is lost nothing is."""


CLOUD_DATA = "data/cloud"
SEAL_KEY = "secrets/seal/key-backup.key"
"""By it each night seals without the paper: root's alone, for what it opens is every service's."""
NOT_SEALED = (ISSUE, "run", "backup", "data/postgres", "data/broker", "data/metrics")
"""The books have a backup of their own; what was issued leaves the server; the rest is made anew."""
_READ_ONLY = ("secrets/", "config/")


def whose(path: str, *, is_folder: bool) -> tuple[int, int]:
    """The user and the mode of what lies below the root, by its path. Mode 0: lay_out has given it its own."""
    above = [folder for folder in FOLDERS if path == folder.path or path.startswith(f"{folder.path}/")]
    user = max(above, key=lambda folder: len(folder.path)).user if above else ROOT_USER
    if is_folder:
        return user, 0 if any(folder.path == path for folder in above) else 0o700
    if path.startswith(_READ_ONLY) or path.endswith(f"/{MARK}"):
        return user, 0o400
    if not above:
        return user, 0o600 if path == PLAN else 0o644
    return user, 0o644 if path == REVOKED else 0o600


class Dealt(NamedTuple):
    """A file that one service gets. source: below the issued campus; of: whose it is."""

    source: str
    target: str
    of: int

    @property
    def mode(self) -> int:
        """A secret is never written; what lies among data is; the list of who is revoked is for the broker, too."""
        if self.target == REVOKED:
            return 0o644
        return 0o600 if self.target.startswith("data/") else 0o400


REVOKED = "data/signer/broker/crl.pem"
"""The signer writes it, and the broker reads it over a folder that is its group's."""


def dealt(key_files: Sequence[str], box_files: Sequence[str]) -> list[Dealt]:
    """Of an issued campus; key_files: the names in its keys/, box_files: in its boxes/, each BOX/NAME."""
    school = tuple(name for name in key_files if name not in UPPER)
    return [
        *_all("broker", ("broker.key", "acl"), "secrets/broker", BROKER),
        *_all("broker", ("ca.pem", "broker.pem", "cloud.pem"), "config/broker", BROKER),
        *_all("keys", school, "data/keys/keys", KEYS),
        *_all("keys", school, "data/signer/keys", SIGNER),
        *_all("boxes", box_files, "data/signer/boxes", SIGNER),
        *_all("broker", ("broker.pem", "crl.pem"), "data/signer/broker", SIGNER),
        *_all("cloud", ("ca.pem", "watch.pem"), "data/signer/cloud", SIGNER),
        *_all("cloud", ("watch.key",), "secrets/signer", SIGNER),
        *_all(".", ("campus.json", "ca.pem"), "data/signer", SIGNER),
        *_all("cloud", ("console.key",), "secrets/desk", CLOUD),
        *_all(".", ("campus.json", "ca.pem"), "data/keys", KEYS),
        *_all("cloud", ("ack.key", "ingest.key"), "secrets/ingest", INGEST),
        *_all("cloud", (*_PUBLIC, "ingest.pem"), "data/ingest/cloud", INGEST),
        *_all("cloud", ("console.key",), "secrets/console", CLOUD),
        *_all("cloud", ("watch.key",), "secrets/watch", CLOUD),
        *_all("cloud", (*_PUBLIC, "ingest.pem", "watch.pem"), "data/cloud/cloud", CLOUD),
        *_all(".", ("inventory.bin", "campus.json"), "data/cloud", CLOUD),
        *WALLET,
    ]


def _all(source: str, names: Sequence[str], target: str, of: int) -> Iterator[Dealt]:
    for name in names:
        yield Dealt(name if source == "." else f"{source}/{name}", f"{target}/{name}", of)


WALLET = (
    *_all("front", ("wallet.key",), "secrets/wallet", FRONT),
    *_all("cloud", ("accounts.key",), "secrets/accounts", CLOUD),
    *_all("front", ("ca.pem",), "data/front/front", FRONT),
    *_all("cloud", ("accounts.pem",), "data/cloud/cloud", CLOUD),
    *_all("front", ("wallet.pem",), "data/cloud/cloud", CLOUD),
    *_all("front", ("wallet.pem",), "data/front/front", FRONT),
)
"""What phones reach, and the accounts service behind it; an installation of before has none. Keys go first, the front's
certificate last: where it is, all is. The cloud has a copy of it, to see when it ends."""
OPEN = (
    *_all("open", ("open.key",), "secrets/open", PLATFORM),
    *_all("open", ("ca.pem",), "data/open/open", PLATFORM),
    *_all("open", ("open.pem",), "data/cloud/cloud", CLOUD),
    *_all("open", ("open.pem",), "data/open/open", PLATFORM),
)
"""The open platform's, once it is switched on: in the same order, and for the same reasons."""
_PUBLIC = ("cloud.json", "ca.pem", "console.pem")
UPPER = ("root.keys", "region.keys", "unlock")
"""They could make the school's keys again, or open them: they stay in issue/, and leave the server."""
LINKS = {
    "data/ingest/cloud/ack.key": "/secrets/ack.key",
    "data/ingest/cloud/ingest.key": "/secrets/ingest.key",
    "data/ingest/cloud/watch.beat": "/run/ykt/beat/watch.beat",
    "data/cloud/cloud/console.key": "/secrets/console.key",
    "data/cloud/cloud/watch.key": "/secrets/watch.key",
    "data/cloud/cloud/watch.beat": "/run/ykt/beat/watch.beat",
    "data/cloud/cloud/orders.sock": "/run/ykt/fleet/keys.sock",
    "data/cloud/cloud/signer.sock": "/run/ykt/office/signer.sock",
    "data/cloud/cloud/enrolment.json": "/run/ykt/office/enrolment.json",
    "data/signer/cloud/enrolment.json": "/run/ykt/office/enrolment.json",
    "data/signer/cloud/watch.key": "/secrets/watch.key",
    "data/cloud/cloud/payments": "/secrets",
    f"data/cloud/cloud/{WEBHOOK_KEY}": f"/secrets/{WEBHOOK_KEY}",
    "data/front/front/wallet.key": "/secrets/wallet.key",
    f"data/front/front/{TOKEN_FILE}": f"/secrets/{TOKEN_FILE}",
    "data/open/open/open.key": "/secrets/open.key",
    f"data/open/open/{TOKEN_FILE}": f"/secrets/{TOKEN_FILE}",
}
"""Where a service looks for a file → where its container has it: the data directory itself holds no secret."""


class Service(NamedTuple):
    """A service of compose.yaml that stays up. healthy: its health check, as the file has it."""

    name: str
    healthy: tuple[str, ...]


FIRST = (
    Service("postgres", ("/usr/local/bin/healthy-books",)),
    Service("broker", ("/usr/local/bin/healthy-port", "8883")),
    Service("keys", ("/usr/local/bin/healthy-service", "/run/ykt/health/keys.sock")),
    Service("signer", ("/usr/local/bin/healthy-socket", "/run/ykt/office/signer.sock")),
)
"""What the others need, and the import of the inventory."""
THEN = (
    Service("ingest", ("/usr/local/bin/healthy-service", "/run/ykt/health/ingest.sock")),
    Service("console", ("/usr/local/bin/healthy-service", "/run/ykt/health/console/console.sock")),
    Service("desk", ("/usr/local/bin/healthy-service", "/run/ykt/health/desk.sock")),
    Service("enrol", ("/usr/local/bin/healthy-service", "/run/ykt/health/enrol.sock")),
    Service("watch", ("/usr/local/bin/healthy-service", "/run/ykt/health/watch/watch.sock")),
    Service("accounts", ("/usr/local/bin/healthy-service", "/run/ykt/health/accounts.sock")),
    Service("wallet", ("/usr/local/bin/healthy-service", "/run/ykt/health/wallet.sock")),
    Service("payments", ("/usr/local/bin/healthy-service", "/run/ykt/health/payments.sock")),
)
POSTING = ("postgres", "broker", "keys", "ingest")
"""What records need to be booked: replaced together and before the rest, so that boxes wait the least."""
OPEN_PLATFORM = Service("open", ("/usr/local/bin/healthy-service", "/run/ykt/health/open.sock"))
"""Where the school has switched it on."""
METRIC_STORE = Service("metrics", ("/usr/local/bin/healthy-port", "8428"))
"""Where the installation has one of its own."""
