"""The campus of tests/attack, where a body's place is left empty for the stranger's terminal."""

from tests.attack.conftest import _made, room

__all__ = ["_made", "room"]
