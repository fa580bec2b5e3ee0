"""A small disk of its own (tmpfs) for a folder that a test fills. Skipped by name where none can be mounted."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def mounted(folder: Path, size: str) -> Iterator[None]:
    """An empty disk over the folder. size: as mount has it."""
    mount = ("mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder)
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(("umount", "-l", folder), check=True)


@contextmanager
def moved_onto(folder: Path, size: str) -> Iterator[None]:
    """The folder and all that is in it on such a disk."""
    aside = folder.with_name(f"{folder.name}-aside")
    folder.rename(aside)
    folder.mkdir()
    with mounted(folder, size):
        shutil.copytree(aside, folder, dirs_exist_ok=True)
        yield
