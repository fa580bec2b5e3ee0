"""All named scenes: one file each in tests/scenes/named, found by being there."""

import importlib
from pathlib import Path

from tests.scenes.scene import Scene

FOLDER = Path(__file__).with_name("named")


def scenes() -> dict[str, Scene]:
    """By slug, in the order of their files."""
    modules = (importlib.import_module(f"tests.scenes.named.{file.stem}") for file in sorted(FOLDER.glob("test_*.py")))
    found: list[Scene] = [module.SCENE for module in modules]
    by_slug = {one.slug: one for one in found}
    if len(by_slug) != len(found):
        raise ValueError(f"two scenes with one name: {[one.slug for one in found]}")
    return by_slug
