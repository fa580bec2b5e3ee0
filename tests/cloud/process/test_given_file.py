"""A file that a person names."""

from pathlib import Path

import pytest

from cloud.process.given_file import read_given
from shared.errors import ConfigFault


def test_it_is_read_whole_up_to_its_bound_and_refused_above_or_when_it_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "one"
    file.write_bytes(b"12345")
    assert read_given(file, 5) == b"12345"
    with pytest.raises(ConfigFault, match="4"):
        read_given(file, 4)
    with pytest.raises(ConfigFault, match="gone"):
        read_given(tmp_path / "gone", 5)
