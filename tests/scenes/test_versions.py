"""Platform, box and terminals of this state and of the released one before it, mixed: each sells, drains and is true.

The other state's code is taken from the repository's history; where that is not there (a source archive, a shallow
clone), there is nothing to mix with.
"""

import asyncio
import io
import os
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from cloud.ledger.schema.migrate import HEAD
from compose.place import ROOT
from tests.scenes import plans
from tests.scenes.campus import Campus
from tests.scenes.truth import require_truth

pytestmark = [pytest.mark.process, pytest.mark.large]
BEFORE = "ef30c86614e7628244272b2ef5599e77bda69ebe"
"""Of tests/released/0.2."""
PLATFORM, BOX, TILLS = ("ingest", "keys"), ("edge-",), ("t-",)
SALES = 12


@pytest.fixture(scope="session")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of release 0.2."""
    folder = tmp_path_factory.mktemp("before")
    got = subprocess.run(("git", "archive", "--format=tar", BEFORE), cwd=ROOT, capture_output=True, check=False)
    if got.returncode:
        pytest.skip("the history of this repository is not here")
    with tarfile.open(fileobj=io.BytesIO(got.stdout)) as opened:
        opened.extractall(folder, filter="data")
    return folder


def _is_of(name: str, begins: tuple[str, ...]) -> bool:
    return name.startswith(begins)


def set_back(campus: Campus, before: Path, *kinds: tuple[str, ...]) -> None:
    """From their next start on these parts run the code of before: it stands in front of this checkout's."""
    for name, part in campus.parts.items():
        if any(_is_of(name, kind) for kind in kinds):
            campus.parts[name] = replace(part, env={**part.env, "PYTHONPATH": str(before), "PYTHONSAFEPATH": "1"})


def upgrade(campus: Campus, *kinds: tuple[str, ...]) -> list[str]:
    """From their next start on they run this checkout's code; which ones."""
    names = [name for name in campus.parts if any(_is_of(name, kind) for kind in kinds)]
    for name in names:
        campus.parts[name] = replace(campus.parts[name], env={})
    return names


async def _sell(campus: Campus) -> None:
    await campus.until_shown(SALES)
    await campus.until_posted(SALES // 2)


ORDERS = [
    (PLATFORM, BOX, TILLS),
    (PLATFORM, TILLS, BOX),
    (BOX, PLATFORM, TILLS),
    (BOX, TILLS, PLATFORM),
    (TILLS, PLATFORM, BOX),
    (TILLS, BOX, PLATFORM),
]
"""All orders in which the three may be upgraded."""


async def _play(room: Path, before: Path, order: tuple[tuple[str, ...], ...]) -> None:
    async with Campus(room, seed=7, rate=1.0, tear=0.0) as campus:
        set_back(campus, before, PLATFORM, BOX, TILLS)
        await campus.open()
        await _sell(campus)
        assert campus.asked("SELECT version_num FROM alembic_version") == [("0025",)], "that is the code of before"
        assert not any("release" in campus.status(name) for name in campus.boxes), "so is that"
        for kind in order:
            names = upgrade(campus, kind)
            await campus.stop(*names)
            await campus.start(*names)
            await _sell(campus)
        await campus.close_shop()
        require_truth(campus)
        assert campus.asked("SELECT version_num FROM alembic_version") == [(HEAD,)]
        assert all("release" in campus.status(name) for name in campus.boxes)
        assert campus.facts("down-malformed") == []
        assert campus.facts("message-junk") == []


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "-".join(kind[0].strip("-") for kind in order))
def test_platform_box_and_tills_are_upgraded_in_any_order(
    order: tuple[tuple[str, ...], ...], before: Path, tmp_path: Path
) -> None:
    room = plans.copy(_made(before, tmp_path), tmp_path / "room")
    asyncio.run(_play(room, before, order))


async def _back(room: Path, before: Path) -> None:
    """Boxes and tills may go back to the release before; what they have kept meanwhile is understood."""
    async with Campus(room, seed=9, rate=1.0, tear=0.0) as campus:
        await campus.open()
        await _sell(campus)
        await campus.kill("ingest")
        await campus.until_shown(SALES)
        names = [name for name in campus.parts if _is_of(name, BOX) or _is_of(name, TILLS)]
        await campus.stop(*names)
        set_back(campus, before, BOX, TILLS)
        await campus.start("ingest", *names)
        await _sell(campus)
        await campus.close_shop()
        require_truth(campus)


def test_box_and_tills_go_back_and_their_outbox_drains(before: Path, tmp_path: Path) -> None:
    asyncio.run(_back(plans.make(plans.two_boxes(), tmp_path / "room"), before))


def _made(before: Path, tmp_path: Path) -> Path:
    """A campus as the release before makes it: its ledger has the schema of then."""
    environment = {**os.environ, "PYTHONPATH": str(before), "PYTHONSAFEPATH": "1"}
    code = (
        "import sys; from pathlib import Path; from tests.scenes import plans; "
        "plans.make(plans.two_boxes(), Path(sys.argv[1]))"
    )
    done = subprocess.run(
        (sys.executable, "-c", code, str(tmp_path / "made")), cwd=before, env=environment, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return tmp_path / "made"
