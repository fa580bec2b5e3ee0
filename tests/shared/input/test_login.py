"""A broker's user and password come from a file of their owner's, and are shown to nobody."""

from pathlib import Path

import pytest

from shared.errors import ConfigFault
from shared.input.login import Login, read_login


def written(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    file = folder / "login"
    file.write_bytes(content)
    file.chmod(mode)
    return file


def test_user_and_password(tmp_path: Path) -> None:
    assert read_login(written(tmp_path, b"ykt\ns3cret\n")) == Login("ykt", "s3cret")
    assert read_login(None) is None


def test_password_is_in_no_text_of_it() -> None:
    assert "s3cret" not in f"{Login('ykt', 's3cret')!r} {Login('ykt', 's3cret')}"


BROKEN = [b"", b"ykt\n", b"\ns3cret\n", b"a\ns3cret\nc\n", b"ykt\n\xff\n", b"a\n" + b"x" * 129]


@pytest.mark.parametrize("content", BROKEN)
def test_what_is_no_login_is_refused_without_a_word_of_it(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ConfigFault, match="--broker-login") as caught:
        read_login(written(tmp_path, content))
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigFault, match="600"):
        read_login(written(tmp_path, b"ykt\ns3cret\n", 0o640))


def test_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigFault, match="--broker-login"):
        read_login(tmp_path / "nowhere")
