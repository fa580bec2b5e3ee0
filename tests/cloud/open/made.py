"""A client that a generator makes of a published document, as somebody out there would have it made."""

import subprocess
import sys
from pathlib import Path

LONG_S = 600


def beside(name: str) -> str:
    """A program of this Python's."""
    return str(Path(sys.executable).with_name(name))


def make_client(document: Path, folder: Path, package: str) -> None:
    """In `folder`, as a package of this name."""
    (folder / "config.yaml").write_text(f"post_hooks: []\npackage_name_override: {package}\n")
    words = (
        beside("openapi-python-client"), "generate", "--path", str(document), "--config", "config.yaml",
        "--output-path", package, "--meta", "none", "--fail-on-warning",
    )  # fmt: skip
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=LONG_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
