"""What is dear is made once per run, by whichever worker needs it first; the others wait for it and only copy it."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


def shared(factory: pytest.TempPathFactory, name: str) -> Path:
    """A folder of this run that all its workers have."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"once-{name}"
    folder.mkdir(exist_ok=True)
    return folder


def once(folder: Path, name: str, make: Callable[[Path], object]) -> Path:
    """`name` in the folder as `make` made it; what a worker that was ended had begun is made anew.

    Waits as long as another worker makes it: the limit of the test that waits is its bound.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made, mark = folder / name, folder / f"{name}.made"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not mark.exists():
            shutil.rmtree(made, ignore_errors=True)
            make(made)
            mark.touch()
    return made
