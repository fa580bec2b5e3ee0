import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.ledger import Ledger
from cloud.open.sandbox.books import FILE, open_sandbox
from cloud.process.settings import FOLDER
from compose.parts.standing import Standing
from compose.servers.ports import free_port
from shared.keys.front_token import OPEN
from tests.cloud.campus import Campus, part
from tests.cloud.ledger import campus as c
from tests.cloud.open.platform import Platform
from tests.cloud.open.rig import Rig, make_rig


@pytest.fixture(scope="session")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both ledgers, each as it is at its first start."""
    data = tmp_path_factory.mktemp("open")
    (data / FOLDER).mkdir()
    open_sandbox(data, c.NOW).close()
    with closing(open_prepared(str(data / FOLDER / "ledger.db"), c.LEDGER_ID)) as opened:
        ledger = Ledger(opened)
        ledger.import_inventory(c.inventory(), c.NOW)
        ledger.deposit(c.card(1), 500_00, "k", c.NOW)
    return data


@pytest.fixture
def data(books: Path, tmp_path: Path) -> Path:
    """One of a test's own."""
    shutil.copytree(books / FOLDER, tmp_path / FOLDER)
    return tmp_path


@pytest.fixture
def rig(data: Path) -> Iterator[Rig]:
    folder = data / FOLDER
    with closing(open_prepared(str(folder / "ledger.db"))) as live, closing(open_prepared(str(folder / FILE))) as own:
        made = make_rig(live, own)
        yield made
        made.site.store.close()
        made.site.people.close()


@pytest.fixture(scope="session")
def platform(provisioned: Campus, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A process for all tests of this room; each has applications of its own."""
    folder = tmp_path_factory.mktemp("platform")
    campus, port, behind = provisioned.copy_to(folder / "centre"), free_port(), free_port()
    zone = campus.data / OPEN.folder
    zone.mkdir()
    for source, target in (("ca.pem", "ca.pem"), ("console.pem", "open.pem"), ("console.key", "open.key")):
        shutil.copy(campus.data / FOLDER / source, zone / target)
    line = f"https://127.0.0.1:{behind}"
    with (
        Standing(part("accounts", "cloud", "accounts", "--data", campus.data, "--port", behind), folder) as accounts,
        Standing(
            part("open", "cloud", "open", "--data", campus.data, "--port", port, "--accounts", line,
                 "--health", folder / "open.health"), folder
        ) as standing,
    ):  # fmt: skip
        yield Platform(campus.data, port, folder, standing, accounts, behind)
