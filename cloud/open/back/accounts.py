"""Composition root of the accounts service, `./ykt cloud accounts`: the wallet's calls, and the open platform's beside
them on a path, by a token and on a thread of their own."""

from collections.abc import Sequence

from cloud.open.back.platform import Platform
from cloud.wallet.back import app


def main(arguments: Sequence[str]) -> int:
    """Serve until told to end."""
    return app.main(arguments, Platform)
