"""Each campus is provisioned once per run; each scene gets a copy of its own."""

from pathlib import Path

import pytest

from compose.campus.plan import Plan
from tests.scenes import plans


def _made(tmp_path_factory: pytest.TempPathFactory, plan: Plan, name: str) -> Path:
    return plans.make(plan, tmp_path_factory.mktemp("made") / name)


@pytest.fixture(scope="session")
def _on_tcp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _made(tmp_path_factory, plans.on_tcp(), "tcp")


@pytest.fixture(scope="session")
def _on_buses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _made(tmp_path_factory, plans.on_buses(), "buses")


@pytest.fixture(scope="session")
def _on_can(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _made(tmp_path_factory, plans.on_can(), "can")


@pytest.fixture(scope="session")
def _eight_on_can(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _made(tmp_path_factory, plans.eight_on_can(), "eight")


@pytest.fixture(scope="session")
def _on_a_bus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _made(tmp_path_factory, plans.on_a_bus(), "ride")


@pytest.fixture(scope="session")
def _through_a_radio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _made(tmp_path_factory, plans.through_a_radio(), "radio")


@pytest.fixture(scope="session")
def _two_boxes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _made(tmp_path_factory, plans.two_boxes(), "two")


@pytest.fixture(scope="session")
def _with_a_spare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _made(tmp_path_factory, plans.with_a_spare(), "spare")


@pytest.fixture
def spare_room(_with_a_spare: Path, tmp_path: Path) -> Path:
    """Three counters and a load machine on TCP, and a spare body."""
    return plans.copy(_with_a_spare, tmp_path / "room")


@pytest.fixture
def room(_on_tcp: Path, tmp_path: Path) -> Path:
    """Three counters and a load machine on TCP."""
    return plans.copy(_on_tcp, tmp_path / "room")


@pytest.fixture
def bus_room(_on_buses: Path, tmp_path: Path) -> Path:
    """A counter on CAN, one on RS-485, one and the load machine on TCP."""
    return plans.copy(_on_buses, tmp_path / "room")


@pytest.fixture
def can_room(_on_can: Path, tmp_path: Path) -> Path:
    """A counter, the load machine and a validator on one CAN bus."""
    return plans.copy(_on_can, tmp_path / "room")


@pytest.fixture
def eight_room(_eight_on_can: Path, tmp_path: Path) -> Path:
    """Eight counters on one CAN bus."""
    return plans.copy(_eight_on_can, tmp_path / "room")


@pytest.fixture
def ride_room(_on_a_bus: Path, tmp_path: Path) -> Path:
    """Three validators with fares, a load machine and a counter on TCP."""
    return plans.copy(_on_a_bus, tmp_path / "room")


@pytest.fixture
def radio_room(_through_a_radio: Path, tmp_path: Path) -> Path:
    """A counter on a slow line through a radio module, the load machine on TCP."""
    return plans.copy(_through_a_radio, tmp_path / "room")


@pytest.fixture
def two_room(_two_boxes: Path, tmp_path: Path) -> Path:
    """The campus on TCP and an annex."""
    return plans.copy(_two_boxes, tmp_path / "room")
