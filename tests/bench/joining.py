"""Terminals that join one CAN bus at the same moment, after a power cut, in virtual time."""

from collections.abc import Iterator

from tests.bench.row import Row, at_most
from tests.edge.joining import claimed_after_s, joined_after_s

CLAIM_BITS = 275
"""Claim and answer."""
JOIN_BITS = 2461
"""HELLO, CHALLENGE, AUTH, WELCOME on the bus, one terminal after the other."""


def rows() -> Iterator[Row]:
    """Seconds until the last one has its WELCOME."""
    for bitrate, terminals in ((50_000, 32), (125_000, 60), (250_000, 60)):
        name = f"CAN {bitrate // 1000} kbit/s, {terminals} terminals join"
        formula_s = terminals * JOIN_BITS / bitrate
        yield at_most(name, joined_after_s(terminals, bitrate), "s", 3.0, "one after the other", formula_s)
        claiming = f"{name} that claim an address first"
        formula_s = terminals * (JOIN_BITS + CLAIM_BITS) / bitrate
        yield at_most(claiming, claimed_after_s(terminals, bitrate), "s", 3.0, "one after the other", formula_s)
