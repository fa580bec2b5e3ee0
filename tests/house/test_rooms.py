"""Every folder of the product is a room with a name and a sentence."""

import ast
import subprocess

import pytest

from compose.place import ROOT

PACKAGES = ("cloud", "compose", "edge", "provisioning", "shared")
ROOMS = sorted(path.parent for package in PACKAGES for path in (ROOT / package).rglob("__init__.py"))
SHELVES = ("util", "helper", "common", "manager", "misc")
"""Names that say nothing: what has no better one has no home yet."""


TOP = {
    ".ci", ".gitignore", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "GLOSSARY.md", "LICENSE", "README.md",
    "README.zh.md", "SECURITY.md", "cloud", "compose", "docs", "edge", "provisioning", "pyproject.toml",
    "requirements.lock", "shared", "tests", "ykt",
}  # fmt: skip


def test_nothing_strange_lies_at_the_top():
    """Files that a tool left behind were committed once with everything else."""
    named = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {name.partition("/")[0] for name in named.split("\0") if name} - TOP == set()


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: str(room.relative_to(ROOT)))
def test_a_room_says_what_it_is(room):
    assert ast.get_docstring(ast.parse((room / "__init__.py").read_text(encoding="utf-8")))


def test_no_file_or_folder_is_a_shelf():
    names = [path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    assert len(names) > 400
    assert [str(path) for path in names if any(shelf in part for part in path.parts for shelf in SHELVES)] == []
