"""One provisioned campus and one key process for all tests of the cloud; each test has a ledger of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cloud.campus import Campus, key_process, make_campus, run_part


@pytest.fixture(scope="session")
def provisioned(tmp_path_factory: pytest.TempPathFactory) -> Campus:
    """As provisioning made it, and imported. Only copies are changed."""
    made = make_campus(tmp_path_factory.mktemp("made"))
    run_part("cloud", "import", "--data", made.data)
    return made


@pytest.fixture(scope="session")
def keys_socket(provisioned: Campus, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The socket of a key process that nobody kills."""
    with key_process(provisioned, tmp_path_factory.mktemp("keys")) as (_, socket):
        yield socket


@pytest.fixture
def campus(provisioned: Campus, tmp_path: Path) -> Campus:
    """A data folder of this test's own, with the imported ledger."""
    return provisioned.copy_to(tmp_path / "data")
