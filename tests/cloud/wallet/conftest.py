"""One rig a test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cloud.wallet.rig import Rig, made


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        yield found
