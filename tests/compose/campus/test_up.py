"""What `up` says, with which exit code, when it cannot start: words in both languages and no traceback."""

import subprocess
import sys
from pathlib import Path

import pytest

from compose.campus.up import main
from shared.words.voice import Language, speak


def said(capsys: pytest.CaptureFixture[str], *words: str | Path) -> str:
    """Its output; it must be wrong use."""
    assert main([str(word) for word in words]) == 2
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("raw", "why"),
    [(b"when,who\n1,2\n", "缺少列或重复列"), (b"", "缺少列或重复列"), (b"\xff\xfe\x00", "UTF-8"), (None, "读不到")],
    ids=["no columns", "empty", "no text", "no file"],
)
def test_a_trace_that_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], raw: bytes | None, why: str
) -> None:
    file = tmp_path / "day.csv"
    if raw is not None:
        file.write_bytes(raw)
    assert why in said(capsys, "--trace", file, "--data", tmp_path / "data")
    assert not (tmp_path / "data").exists(), "a trace that cannot be played leaves nothing behind"


def test_a_day_without_a_line_that_can_be_played_leaves_nothing_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "day.csv"
    file.write_text("time,card,terminal,amount\n2026-11-27 12:00:00,0001,1号窗口,12,50\n")
    page = said(capsys, "--trace", file, "--data", tmp_path / "data")
    assert "没有可重放的行" in page
    assert not (tmp_path / "data").exists()


def test_a_day_is_not_played_into_somebodys_folder_and_nothing_is_left_in_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.doc").touch()
    file = tmp_path / "day.csv"
    file.write_text("time,card,terminal,amount\n2026-11-27 12:00:00,0001,1号窗口,12.50\n")
    assert "thesis.doc" in said(capsys, "--trace", file, "--data", tmp_path / "home")
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["thesis.doc"]


def test_a_data_folder_that_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    page = said(capsys, "--data", tmp_path / "file" / "data")
    assert "不能用" in page
    speak(Language.EN)
    assert "cannot be used" in said(capsys, "--data", tmp_path / "file" / "data")


def test_a_full_disk_is_said_in_words(tmp_path: Path) -> None:
    """RLIMIT_FSIZE stands for it: every file of the launcher ends after 8 kB."""
    limited = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192));"
        "from compose.campus.up import main; sys.exit(main(sys.argv[1:]))"
    )
    words = (sys.executable, "-P", "-c", limited, "--data", str(tmp_path / "data"), "--for", "1")
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert "File too large" in done.stdout
