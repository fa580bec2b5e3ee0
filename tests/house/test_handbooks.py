"""The handbooks tell the truth: each command in docs/ceremony.md and docs/production.md is run, in order."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from compose.place import ROOT
from provisioning.cli.cli import main

BOOKS = ("ceremony.md", "production.md")
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"`(?:python -m provisioning )?((?:ceremony|batch|psam|rotate|crl|stock|custody|card) [a-z-]+)")
WAIT_S = 180


def blocks(book: str) -> list[str]:
    return BLOCK.findall((ROOT / "docs" / book).read_text(encoding="utf-8"))


@pytest.mark.process
def test_every_command_of_the_handbooks_does_what_it_is_there_for(tmp_path: Path) -> None:
    script = "set -e\n" + "\n".join(block for book in BOOKS for block in blocks(book))
    assert script.count("python -m provisioning") > 35
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"}
    done = subprocess.run(
        ("sh", "-x", "-c", script), cwd=tmp_path, env=env, capture_output=True, text=True, timeout=WAIT_S, check=False
    )
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-2000:]
    assert "：相符" in done.stdout
    assert done.stdout.count("保管日志完整") == 3
    sheet = (tmp_path / "李/分量单").read_text().split()[1]
    assert sheet not in done.stdout + done.stderr


def test_what_is_named_in_the_text_is_there() -> None:
    """A step that is only spoken of exists, too."""
    spoken = {name for book in BOOKS for name in COMMAND.findall((ROOT / "docs" / book).read_text(encoding="utf-8"))}
    assert len(spoken) > 12
    for name in sorted(spoken):
        with pytest.raises(SystemExit) as ended:
            main([*name.split(), "--help"])
        assert ended.value.code == 0, name


def test_what_the_system_is_said_to_say_it_says() -> None:
    """The second column of the tables quotes messages; each stands in the code."""
    source = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "provisioning").rglob("*.py")))
    rows = [row.split("|") for book in BOOKS for row in (ROOT / "docs" / book).read_text(encoding="utf-8").splitlines()]
    quoted = [told for row in rows if len(row) == 5 for told in re.findall(r"`([a-z][^`]* [^`]*)`", row[2])]
    assert len(quoted) > 7
    parts = [part.strip() for told in quoted for part in told.split("…")]
    assert [part for part in parts if part not in source and not part.startswith(("difference", "custody"))] == []
