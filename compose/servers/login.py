"""A random user and password for the embedded broker of one start, in a private file: in no command line and no log."""

import secrets
from pathlib import Path

from compose.servers.render import write_private

PASSWORD_BYTES = 24


def new_login(file: Path) -> Path:
    """The file, written; whoever is given its path reads it with shared.input.login."""
    user, password = f"ykt-{secrets.token_hex(4)}", secrets.token_urlsafe(PASSWORD_BYTES)
    return write_private(file, f"{user}\n{password}\n")
