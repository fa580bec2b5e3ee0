"""A run of pytest with the suite's own plugins, in a folder of a few tests."""

import subprocess
import sys
from pathlib import Path

from compose.place import ROOT

BOUND_S = 120.0
PLUGINS = 'pytest_plugins = ("tests.sample", "tests.order", "tests.ahead")\n'
MARKERS = "markers=ahead\nprocess\npostgres\nbrowser"


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run what is in the folder; nothing of the checkout's own configuration is used."""
    (folder / "conftest.py").touch()
    config = ("-c", "/dev/null", "--rootdir", str(folder), "-o", MARKERS, "-p", "no:cacheprovider", str(folder))
    command = (sys.executable, "-m", "pytest", *words, *config)
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=BOUND_S)
