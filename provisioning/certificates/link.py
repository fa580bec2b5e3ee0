"""Certificates for the TCP link of terminals and their box, where it is not opened by pre-shared keys.

A pair of files at each end: its own certificate, signed by its own key, and those of the other end, which are all that
it believes. So they open no other door of the campus: neither the broker's nor the console's. They are as old as the
bodies get; who is struck off the box's list calls there no more.
"""

from datetime import datetime
from typing import NamedTuple

from provisioning.certificates import authority
from provisioning.certificates.authority import AUTHORITY_DAYS, CLIENT, SERVER

CERTIFICATE, KEY, BELIEVED = "link.pem", "link.key", "link-believed.pem"
"""In the folder of a box and of a terminal: edge/settings.py and edge/terminal/settings/settings.py read them."""


class Own(NamedTuple):
    """An end's certificate and its private key, both PEM. The repr shows no key."""

    certificate: bytes
    key: bytes

    def __repr__(self) -> str:
        return "Own(…)"


def of_box(box: str, now: datetime) -> Own:
    """For the end that is called."""
    return _own(box, now, is_box=True)


def of_terminal(device: bytes, now: datetime) -> Own:
    """For the end that calls."""
    return _own(device.hex(), now, is_box=False)


def _own(name: str, now: datetime, *, is_box: bool) -> Own:
    key = authority.new_key()
    use = SERVER if is_box else CLIENT
    return Own(authority.issue_own(key, name, now, use, AUTHORITY_DAYS), authority.private_pem(key))
