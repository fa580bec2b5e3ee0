"""Whose the cloud's files are."""

import os


def keep_private() -> None:
    """What this process makes from now on, files, folders and sockets, is its owner's alone. Each process of ours."""
    os.umask(0o077)
