"""Who runs a command."""

import getpass


def login_name() -> str:
    """As the operating system knows him; empty where it does not."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
