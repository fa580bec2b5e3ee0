"""What goes wrong in a seed: whole classes of faults are on or off, each with its own strength (swarm testing).

Crash points have names and lie in the windows where an order matters; random kills alone hardly ever meet them.
"""

from dataclasses import dataclass, field, fields
from random import Random

from tests.sim.network import Weather

CRASH_POINTS = (
    "outbox.before_commit",
    "outbox.after_commit",
    "settle.before_commit",
    "settle.after_commit",
    "ledger.before_commit",
    "ledger.after_commit",
    "ledger.after_ack",
    "terminal.before_pending",
    "terminal.after_debit",
    "terminal.after_ring",
    "terminal.after_shown",
)


@dataclass(slots=True)
class Faults:
    """Shares per step or per message, and means of seconds between happenings (0 = never)."""

    wire: Weather = field(default_factory=Weather)
    stream: Weather = field(default_factory=lambda: Weather(delay_s=0.003))
    uplink: Weather = field(default_factory=lambda: Weather(delay_s=0.006))
    broker_loss: float = 0.0
    broker_double: float = 0.0
    broker_overtake: float = 0.0
    line_cut_s: float = 0.0
    uplink_cut_s: float = 0.0
    broker_restart_s: float = 0.0
    edge_kill_s: float = 0.0
    ingest_kill_s: float = 0.0
    terminal_kill_s: float = 0.0
    terminal_cut: float = 0.0
    card_tear: float = 0.0
    psam_loss: float = 0.0
    card_leaves: float = 0.0
    keys_away: float = 0.0
    store_away: float = 0.0
    slow_sync_s: float = 0.0
    slow_ledger_s: float = 0.0
    rtc_lost: float = 0.0
    rtc_lies: float = 0.0
    edge_clock_off_s: float = 0.0
    disk_full_s: float = 0.0
    bit_rot_s: float = 0.0
    commit_fails: float = 0.0
    queue_full: float = 0.0
    hostile_box_s: float = 0.0
    flood_s: float = 0.0
    ring_slots: int = 256
    settled_max: int = 1_000_000
    outbox_destroyed: bool = False
    ledger_put_back: bool = False
    theft: bool = False
    forged_voids: bool = False
    """When all has drained, somebody with a terminal's key."""
    stranger_s: float = 0.0
    backups: bool = field(default=False, repr=False)
    """Of a seed in which an older ledger is put back: it is a verified backup, of which boxes are told; all that is
    settled counts as old."""
    listing_s: float = field(default=0.0, repr=False)
    """From here on of the way down: zero in a seed without one, whose chance does not hear of them (`draw`)."""
    ordering_s: float = field(default=0.0, repr=False)
    lying_box_s: float = field(default=0.0, repr=False)
    firmware: bool = field(default=False, repr=False)
    night: bool = field(default=False, repr=False)
    """After the last meal nobody taps for so long that new firmware is taken and tried."""
    paper_cut: float = field(default=0.0, repr=False)
    paper_full: float = field(default=0.0, repr=False)
    slow_card_s: float = field(default=0.0, repr=False)
    weeks: int = field(default=0, repr=False)
    """So long nobody comes to the campus, between two meals."""
    points: dict[str, float] = field(default_factory=dict)

    def calm(self) -> None:
        """No faults from now on; delays stay."""
        for weather in (self.wire, self.stream, self.uplink):
            weather.calm()
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, float):
                setattr(self, one.name, 0.0)
        self.points.clear()
        self.outbox_destroyed = self.ledger_put_back = self.theft = self.firmware = False

    def names(self) -> list[str]:
        """The classes that are on, for people."""
        names = [one.name for one in fields(self) if one.name not in _ALWAYS and getattr(self, one.name)]
        wires = [f"{name}.{share}" for name in ("wire", "stream", "uplink") for share in getattr(self, name).shares()]
        return wires + names + ([f"ring {self.ring_slots}"] if self.ring_slots < 256 else [])


_ALWAYS = ("wire", "stream", "uplink", "ring_slots", "settled_max")


def draw(random: Random) -> Faults:
    """The faults of one seed."""
    faults = Faults()
    for klass in _CLASSES:
        if random.random() < 0.5:
            klass(faults, random)
    faults.points = {name: random.choice((0.003, 0.01, 0.04)) for name in CRASH_POINTS if random.random() < 0.5}
    if random.random() < 0.25:
        faults.points.clear()
    faults.ring_slots = random.choice((24, 64, 256))
    if not faults.ledger_put_back:  # a box that has dropped what it settled cannot give it back
        faults.settled_max = random.choice((20, 1_000_000))
        # a ledger that was put back would have to be told of the theft once more
        faults.theft = random.random() < 0.3
    if random.random() < 0.4:  # last, so that what is drawn before stays as it was
        faults.commit_fails = random.choice((0.01, 0.1))
        faults.queue_full = random.choice((0.0, 0.02, 0.1))
    if random.random() < 0.3:
        faults.hostile_box_s = random.choice((4.0, 20.0))
    if random.random() < 0.2:
        faults.flood_s = random.choice((20.0, 60.0))
    faults.forged_voids = random.random() < 0.3
    apart = Random(repr(faults))  # so that what is drawn from `random` stays as it was
    if apart.random() < 0.3:
        faults.stranger_s = apart.choice((2.0, 15.0))
    faults.backups = faults.ledger_put_back and apart.random() < 0.5
    return faults


def draw_fleet(faults: Faults, seed: int) -> None:
    """What a seed in which documents come down has besides."""
    random = Random(seed ^ 0xD0C5)
    faults.listing_s = random.choice((1.5, 6.0, 20.0))
    if random.random() < 0.7:
        faults.ordering_s = random.choice((4.0, 15.0))
    if random.random() < 0.6:
        faults.lying_box_s = random.choice((1.0, 5.0))
    faults.weeks = random.choice((0, 0, 4, 9))
    faults.slow_card_s = random.choice((0.0, 0.3))
    faults.firmware = random.random() < 0.5
    faults.night = random.random() < 0.2
    if random.random() < 0.5:
        faults.paper_cut = random.choice((0.01, 0.1))
        faults.paper_full = random.choice((0.0, 0.05))


def _wires(faults: Faults, random: Random) -> None:
    faults.wire.loss = random.choice((0.01, 0.1, 0.3))
    faults.wire.double = random.choice((0.0, 0.05, 0.2))
    faults.wire.straggle = random.choice((0.0, 0.05, 0.2))
    faults.wire.garble = random.choice((0.0, 0.0, 0.02))


def _streams(faults: Faults, random: Random) -> None:
    faults.stream.straggle = faults.uplink.straggle = random.choice((0.02, 0.1))


def _broker(faults: Faults, random: Random) -> None:
    faults.broker_loss = random.choice((0.0, 0.02, 0.2))
    faults.broker_double = random.choice((0.0, 0.05, 0.3))
    faults.broker_overtake = random.choice((0.0, 0.05, 0.3))


def _broker_restarts(faults: Faults, random: Random) -> None:
    faults.broker_restart_s = random.choice((60.0, 300.0))


def _line_cuts(faults: Faults, random: Random) -> None:
    faults.line_cut_s = random.choice((30.0, 120.0))


def _uplink_cuts(faults: Faults, random: Random) -> None:
    faults.uplink_cut_s = random.choice((40.0, 200.0))


def _edge_kills(faults: Faults, random: Random) -> None:
    faults.edge_kill_s = random.choice((60.0, 240.0))


def _ingest_kills(faults: Faults, random: Random) -> None:
    faults.ingest_kill_s = random.choice((40.0, 200.0))


def _terminal_kills(faults: Faults, random: Random) -> None:
    faults.terminal_kill_s = random.choice((60.0, 300.0))
    faults.terminal_cut = random.choice((0.0, 0.002, 0.01))


def _cards(faults: Faults, random: Random) -> None:
    faults.card_tear = random.choice((0.005, 0.02, 0.06))
    faults.card_leaves = random.choice((0.0, 0.3, 0.8))


def _psams(faults: Faults, random: Random) -> None:
    faults.psam_loss = random.choice((0.002, 0.01))


def _away(faults: Faults, random: Random) -> None:
    faults.keys_away = random.choice((0.02, 0.2))
    faults.store_away = random.choice((0.0, 0.1))


def _slow(faults: Faults, random: Random) -> None:
    faults.slow_sync_s = random.choice((0.05, 0.4))
    faults.slow_ledger_s = random.choice((0.2, 3.0, 15.0))


def _disks(faults: Faults, random: Random) -> None:
    faults.disk_full_s = random.choice((60.0, 200.0))


def _clocks(faults: Faults, random: Random) -> None:
    faults.rtc_lost = random.choice((0.2, 1.0))
    faults.rtc_lies = random.choice((0.0, 0.5))
    faults.edge_clock_off_s = random.choice((0.0, -7_200.0, 5_400.0))


def _rot(faults: Faults, random: Random) -> None:
    faults.bit_rot_s = random.choice((20.0, 90.0))


def _disaster(faults: Faults, random: Random) -> None:
    # never both: what one of them takes, the other one may be the only one to have
    if random.random() < 0.5:
        faults.outbox_destroyed = True
    else:
        faults.ledger_put_back = True


_CLASSES = (
    _wires, _streams, _broker, _broker_restarts, _line_cuts, _uplink_cuts, _edge_kills, _ingest_kills,
    _terminal_kills, _cards, _psams, _away, _slow, _disks, _clocks, _disaster, _rot,
)  # fmt: skip
