"""How long terminals need to join on one bus after a power cut, in virtual time: the product's box, nodes and bus."""

from edge.link.sim.can_bus import BusSettings
from tests.edge.bus_rig import BusField

STEP_S = 0.05
PATIENCE_S = 30.0


def joined_after_s(terminals: int = 60, bitrate: int = 125_000) -> float:
    """Seconds until the last has its WELCOME, all of them having said HELLO at the same moment; inf if never."""
    field = BusField(terminals, BusSettings(bitrate=bitrate, restart_ns=None, nodes_max=terminals + 1))
    field.stop_selling()
    field.open(PATIENCE_S)
    assert all(one.body.current for one in field.hung.values()), "each has an epoch from before"
    field.power_cut()
    return _until_all_are_joined(field)


def claimed_after_s(terminals: int = 60, bitrate: int = 125_000) -> float:
    """Seconds until the last has its WELCOME, when all claim an address for the first time at the same moment."""
    field = BusField(terminals, BusSettings(bitrate=bitrate, restart_ns=None, nodes_max=terminals + 1), claims=True)
    field.stop_selling()
    field.is_open = True
    return _until_all_are_joined(field)


def _until_all_are_joined(field: BusField) -> float:
    began_s = field.s
    while not all(one.body.welcome for one in field.hung.values()):
        field.go(STEP_S)
        if field.s - began_s > PATIENCE_S:
            return float("inf")
    return round(field.s - began_s, 2)

