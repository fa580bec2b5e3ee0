"""Every folder of the product is a room with a name and a sentence."""

import ast

import pytest

from compose.place import ROOT

PACKAGES = ("cloud", "compose", "edge", "provisioning", "shared")
ROOMS = sorted(path.parent for package in PACKAGES for path in (ROOT / package).rglob("__init__.py"))
SHELVES = ("util", "helper", "common", "manager", "misc")
"""Names that say nothing: what has no better one has no home yet."""


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: str(room.relative_to(ROOT)))
def test_a_room_says_what_it_is(room):
    assert ast.get_docstring(ast.parse((room / "__init__.py").read_text(encoding="utf-8")))


def test_no_file_or_folder_is_a_shelf():
    names = [path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    assert len(names) > 400
    assert [str(path) for path in names if any(shelf in part for part in path.parts for shelf in SHELVES)] == []
