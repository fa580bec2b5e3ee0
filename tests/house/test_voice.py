"""What people read has both languages, apart: a Chinese literal is the first half of a Text, English its second.

DUE: rooms that still print both at once: none, and it stays so.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from compose.place import ROOT

CHINESE = re.compile("[\u4e00-\u9fff]")
PARTS = ("cloud", "compose", "edge", "provisioning", "shared")
WORDS = (
    "provisioning/plan/demo.py", "provisioning/plan/names.py", "shared/facts/",
    "shared/purse/profile_data/", "cloud/emulators/providers/forms.py",
)  # fmt: skip
"""Tables whose form says already which half is which, or names of a campus, on cards and in fonts, or what a
provider's own bills say: in one language."""
DUE: tuple[str, ...] = ()
COMMANDS = tuple(
    Path("tests", name)
    for name in (
        "bench/__main__.py", "bench/row.py", "bench/sim.py", "mutants/__main__.py", "mutants/scratch.py",
        "scenes/__main__.py", "scenes/scene.py", "sim/__main__.py", "torn/__main__.py",
    )
)  # fmt: skip
"""Verbs of the launcher that live beside the tests."""
FILES = sorted(COMMANDS) + sorted(
    path.relative_to(ROOT)
    for part in PARTS
    for path in (ROOT / part).rglob("*.py")
    if not str(path.relative_to(ROOT)).startswith((*WORDS, *DUE))
)


def room_of(path: Path) -> str:
    """By two folders: a test of each file would be a tenth of all tests, and its own frame most of its time."""
    return "/".join(path.parts[:-1][:2])


def mixed(source: str) -> list[str]:
    """Lines and literals that are Chinese outside of a Text's first half, or Chinese inside of its second."""
    if not CHINESE.search(source) and "\\" not in source:
        return []  # nor by an escape: nothing to look for
    tree = ast.parse(source)
    allowed = {id(node) for text in _texts(tree) for node in ast.walk(text.args[0])}
    allowed |= {*_docstrings(tree), *_written(tree)}
    return [
        f"{node.lineno}: {node.value[:40]!r}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if CHINESE.search(node.value) and id(node) not in allowed
    ]


def halves(source: str) -> list[str]:
    """Texts of which one half is empty or a computed whole."""
    if "Text" not in source:
        return []
    return [f"{text.lineno}" for text in _texts(ast.parse(source)) if not all(map(_says_something, text.args))]


def _says_something(half: ast.expr) -> bool:
    return not isinstance(half, ast.Constant) or bool(str(half.value).strip())


def _texts(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Text":
            yield from [node] if len(node.args) == 2 else []


def _written(tree: ast.AST) -> Iterator[int]:
    """Keys of a dict and patterns: what people write is looked up by them, and nobody reads them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            yield from map(id, node.keys)
        if isinstance(node, ast.Call) and _is_pattern(node.func):
            yield from map(id, ast.walk(node))


def _is_pattern(called: ast.expr) -> bool:
    return isinstance(called, ast.Attribute) and ast.unparse(called) == "re.compile"


def _docstrings(tree: ast.AST) -> Iterator[int]:
    """And strings that stand alone behind an assignment: nobody sees them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield id(node.value)


@pytest.mark.parametrize("room", sorted({room_of(path) for path in FILES}))
def test_a_literal_is_in_one_language(room: str) -> None:
    found = {}
    for path in (path for path in FILES if room_of(path) == room):
        source = (ROOT / path).read_text(encoding="utf-8")
        if wrong := mixed(source) + halves(source):
            found[str(path)] = wrong
    assert found == {}


def test_what_mixes_is_caught() -> None:
    assert mixed('x = "读卡 / read"')
    assert mixed('x = Text("读卡", "read 卡")')
    assert mixed('x = f"{a}: 读卡"')
    assert halves('x = Text("读卡", "")')
    assert mixed('x = {"card": "卡号"}')
    assert not mixed('x = {"卡号": "card"}\ny = re.compile("元$")')
    assert not mixed('"""读卡."""\nx = Text(f"{a}: 读卡", f"{a}: read")\n"""读."""')


def test_what_is_due_is_there() -> None:
    assert [room for room in DUE if not (ROOT / room).exists()] == []
