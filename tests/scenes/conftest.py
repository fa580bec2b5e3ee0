"""Each campus is provisioned once per run; each scene gets a copy of its own."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.once import shared
from tests.scenes import plans
from tests.scenes.scene import BUSY, Made, Scene, Stage, Unplayable


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Those of this run."""
    return Made(shared(tmp_path_factory, "made"))


@pytest.fixture
def plays(made: Made, tmp_path: Path, whole: bool) -> Callable[[Scene], None]:
    """Plays a named scene as `./ykt scene` does; with others beside it, it may take longer."""

    def play(scene: Scene) -> None:
        stage = Stage(tmp_path, made, slow=BUSY, whole=whole)
        try:
            asyncio.run(scene.play(stage))
        except Unplayable as fault:
            pytest.skip(str(fault))

    return play


@pytest.fixture
def spare_room(made: Made, tmp_path: Path) -> Path:
    """Three counters and a load machine on TCP, and a spare body."""
    return made.copy(plans.with_a_spare, tmp_path / "room")


@pytest.fixture
def room(made: Made, tmp_path: Path) -> Path:
    """Three counters and a load machine on TCP."""
    return made.copy(plans.on_tcp, tmp_path / "room")


@pytest.fixture
def bus_room(made: Made, tmp_path: Path) -> Path:
    """A counter on CAN, one on RS-485, one and the load machine on TCP."""
    return made.copy(plans.on_buses, tmp_path / "room")


@pytest.fixture
def can_room(made: Made, tmp_path: Path) -> Path:
    """A counter, the load machine and a validator on one CAN bus."""
    return made.copy(plans.on_can, tmp_path / "room")


@pytest.fixture
def ride_room(made: Made, tmp_path: Path) -> Path:
    """Three validators with fares, a load machine and a counter on TCP."""
    return made.copy(plans.on_a_bus, tmp_path / "room")


@pytest.fixture
def two_room(made: Made, tmp_path: Path) -> Path:
    """The campus on TCP and an annex."""
    return made.copy(plans.two_boxes, tmp_path / "room")
