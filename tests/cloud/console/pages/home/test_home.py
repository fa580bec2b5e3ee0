"""Where somebody's work begins: the first page of his own menu."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.console.access.rights import Grant, Role
from tests.cloud.console.rig import Rig, made


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    folder: Path = tmp_path_factory.mktemp("rig")
    with made(folder) as found:
        yield found


@pytest.mark.parametrize(
    ("role", "first"),
    [(Role.FINANCE, "/morning"), (Role.STALL, "/takings"), (Role.DUTY, "/overview"), (Role.CANTEEN, "/overview")],
)
def test_each_role_begins_with_its_own_page(rig: Rig, role: Role, first: str) -> None:
    assert rig.browser(f"a-{role.value}", [Grant(role)]).client.get("/").location == first
