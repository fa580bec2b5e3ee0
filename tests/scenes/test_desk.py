"""The card desk on real processes: key process, ledger service, card files, the verbs as a cashier types them."""

import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from compose.standing import Standing
from tests.cloud.campus import Campus, key_process, make_campus, part, run_part

pytestmark = pytest.mark.process
CARD = "0001"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Campus:
    campus = make_campus(tmp_path_factory.mktemp("desk"))
    run_part("cloud", "import", "--data", campus.data)
    run_part("cloud", "cashier", "--data", campus.data, "--name", "王芳")
    return campus


@pytest.fixture(scope="module")
def keys(made, tmp_path_factory) -> Iterator[Path]:
    with key_process(made, tmp_path_factory.mktemp("keys")) as (_, path):
        yield path


@pytest.fixture
def data(made, tmp_path) -> Path:
    """A campus of this test's own."""
    return shutil.copytree(made.data, tmp_path / "campus")


@contextmanager
def centre(data: Path, keys: Path, folder: Path) -> Iterator[Standing]:
    """The ledger's service for desks; desks find it by themselves."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Standing(part("desk", "cloud", "desk", "--data", data, "--keys", keys, "--port", port), folder) as standing:
        yield standing


def desk(data: Path, verb: str, *words: object, code: int = 0) -> str:
    return run_part("edge.desk", verb, "--data", data, *words, code=code)


def test_a_card_is_read_and_agrees_with_the_ledger(data, keys, tmp_path):
    with centre(data, keys, tmp_path):
        said = desk(data, "read", "--card", CARD)
    assert "相符 / agrees" in said
    assert f"label {CARD}" in said


def test_without_a_line_the_card_alone_is_read(data):
    said = desk(data, "read", "--card", CARD)
    assert "no answer from the ledger" in said
    assert "卡内余额" in said


def test_a_wrong_token_is_told_so(data, keys, tmp_path):
    (data / "cloud" / "cashier-王芳.token").write_text("nonsense")
    with centre(data, keys, tmp_path):
        assert "the token is not valid" in desk(data, "read", "--card", CARD)


def test_a_card_of_nobody_is_wrong_use(data):
    assert "no such card" in desk(data, "read", "--card", "9999", code=2)
