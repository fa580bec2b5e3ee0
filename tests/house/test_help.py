"""Every verb and every option of every command says what it is, in both languages and each in one."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from compose.place import ROOT

CHINESE = re.compile("[\u4e00-\u9fff]")
PROGRAMS = (
    "compose.campus.up", "compose.commands.verify", "compose.commands.held", "compose.commands.psam_stolen",
    "compose.commands.status", "compose.commands.completion", "compose.lock.sbom", "tests.bench", "tests.scenes",
    "tests.sim", "tests.torn", "edge",
    "edge.card", "edge.desk", "edge.terminal", "cloud", "cloud console", "cloud desk", "provisioning",
)  # fmt: skip


def helps(tree: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    """What each option and each verb says, by its words."""
    for option in tree["options"]:
        yield f"{path} {'/'.join(option['words']) or option['name']}", option["help"]
    for verb in tree.get("verbs", ()):
        yield f"{path} {verb['name']}", verb["help"]
        yield from helps(verb["parser"], f"{path} {verb['name']}")


def asked(program: str, language: str) -> dict[str, Any]:
    """As a shell's completion asks: compose/commands/completion.py."""
    words = (sys.executable, "-P", "-m", *program.split(), "--describe")
    environment = {"PYTHONPATH": str(ROOT), "YKT_LANG": language}
    done = subprocess.run(words, capture_output=True, check=True, timeout=120, env=environment)
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(
    ("language", "is_wrong"),
    [("zh", lambda text: not CHINESE.search(text)), ("en", lambda text: not text or CHINESE.search(text))],
)
def test_everything_has_help_in_one_language(program: str, language: str, is_wrong: Callable[[str], Any]) -> None:
    found = list(helps(asked(program, language), program))
    assert len(found) >= 2
    assert [path for path, text in found if is_wrong(text)] == []
