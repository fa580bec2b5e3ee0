"""`./ykt audit`: holes are told, and what nobody could be asked about is never told to be sound."""

import json
from pathlib import Path

import pytest

from compose.lock import audit
from compose.lock.audit import Found, ask, told
from compose.lock.locked import FILE, parse
from compose.place import ROOT
from shared.words.voice import Language, speak

NAMES = sorted({one.name for one in parse((ROOT / FILE).read_text(encoding="utf-8"))})


def said(holes: dict[str, str], skipped: tuple[str, ...] = ()) -> str:
    rows: list[dict[str, object]] = [{"name": name, "skip_reason": "away"} for name in skipped]
    rows += [
        {"name": name, "version": "1", "vulns": [{"id": holes[name]}] if name in holes else []}
        for name in NAMES if name not in skipped
    ]  # fmt: skip
    return json.dumps({"dependencies": rows, "fixes": []})


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def make(out: str, code: int = 0) -> None:
        program = tmp_path / "pip-audit"
        (tmp_path / "out").write_text(out, encoding="utf-8")
        program.write_text(f"#!/bin/sh\ncat {tmp_path}/out\nexit {code}\n", encoding="ascii")
        program.chmod(0o700)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    return make


@pytest.mark.parametrize(
    ("out", "code", "ends", "says"),
    [
        (said({}), 0, 0, "no known hole"),
        (said({NAMES[0]: "PYSEC-1"}), 1, 1, "PYSEC-1"),
        (said({}, skipped=tuple(NAMES)), 0, 0, "not known: 0 of"),
        (said({NAMES[1]: "PYSEC-2"}, skipped=(NAMES[0],)), 1, 1, "not known"),
        ("No known vulnerabilities found\n", 0, 0, "not known: 0 of"),
        ("", 1, 0, "not known: 0 of"),
        ('{"dependencies": [{"name": "x"}]}', 0, 0, "not known"),
    ],
)
def test_what_it_says(tool, capsys, out: str, code: int, ends: int, says: str) -> None:
    tool(out, code)
    speak(Language.EN)
    try:
        assert audit.main([]) == ends
    finally:
        speak(Language.ZH)
    assert says in capsys.readouterr().out


def test_without_the_tool_nothing_is_known() -> None:
    assert ask(None) is None
    assert ask("/nowhere/pip-audit") is None


def test_a_package_that_was_skipped_was_not_asked_about() -> None:
    assert told(
        {"dependencies": [{"name": "a", "skip_reason": "x"}, {"name": "B_c", "version": "1", "vulns": []}]}
    ) == (Found(1, ()))
