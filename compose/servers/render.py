"""Configuration files from templates. A value that could end its line or its quotes is refused, not escaped."""

import os
import re
from pathlib import Path
from string import Template

TEMPLATES = Path(__file__).parents[1] / "templates"
UNSAFE = re.compile(r"[\x00-\x1f\"'\\]")


class UnsafeValue(ValueError):
    """A value that would mean something else in a configuration file."""


def render(template: str, **values: object) -> str:
    """Return the text of `templates/{template}` with its `$names` filled in. Raises UnsafeValue, KeyError."""
    texts = {name: str(value) for name, value in values.items()}
    for name, text in texts.items():
        if UNSAFE.search(text):
            raise UnsafeValue(f"{name} for {template}")  # not what it is: it may be a password
    return Template((TEMPLATES / template).read_text(encoding="utf-8")).substitute(texts)


def write_private(path: Path, text: str) -> Path:
    """Write `text` to `path` for its owner's eyes only, and return the path."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(text)
    path.chmod(0o600)
    return path
