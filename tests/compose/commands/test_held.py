"""./ykt held: hands its words to the ledger's command; wrong use."""

from pathlib import Path

import pytest

from compose.commands import held


def test_a_folder_without_a_campus(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert held.main(["list", "--data", str(tmp_path)]) == 2
    assert "没有校园数据" in capsys.readouterr().err


def test_help_shows_every_step(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        held.main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert all(f"./ykt held {step}" in said for step in ("list", "propose", "confirm", "reject"))
