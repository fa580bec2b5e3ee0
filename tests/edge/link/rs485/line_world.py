"""A master and slaves on the line model in virtual time: the product's own cores, only the clock is made up."""

import random

from edge.link.rs485.frame import FrameReader, Kind
from edge.link.rs485.polling import PolledSlave, PollingMaster, PollSettings
from edge.link.sim.rs485_line import NS_PER_S, LineSettings, SimLine

TURNAROUND_NS = 1_000_000


class World:
    """A master (port 0) and slaves (ports 1..n) on one line; only the time is made up."""

    def __init__(self, slaves=4, noise=0.0, echo=False, poll=None, seed=0):
        poll = poll or PollSettings()
        chance = random.Random(seed)
        self.line = SimLine(LineSettings(poll.baud, noise, echo), slaves + 1, chance.random)
        self.master = PollingMaster(range(1, slaves + 1), poll)
        self.slaves = {address: PolledSlave(address) for address in range(1, slaves + 1)}
        self.silent: set[int] = set()
        self.now_ns = 0
        self.up, self.down, self.log, self.peers = [], [], [], []
        self.replies: list[tuple[int, int, bytes]] = []

    def run(self, seconds: float, until=lambda: False) -> float:
        """Give everybody `seconds` of time, or less if `until` comes true; gives the time taken."""
        start_ns, end_ns = self.now_ns, self.now_ns + int(seconds * NS_PER_S)
        while self.now_ns < end_ns and not until():
            self._master_speaks()
            self.now_ns = min(self._next_ns(), end_ns)
            for heard in self.line.advance(self.now_ns):
                self._hear(heard.port, heard.data)
            for due_ns, port, raw in [one for one in self.replies if one[0] <= self.now_ns]:
                self.replies.remove((due_ns, port, raw))
                self.line.say(port, raw, self.now_ns)
        return (self.now_ns - start_ns) / NS_PER_S

    def _master_speaks(self):
        raw = self.master.next_frame(self.now_ns / NS_PER_S)
        if raw is not None:
            self.log += [(self.now_ns / NS_PER_S, frame) for frame in FrameReader().feed(raw)]
            self.line.say(0, raw, self.now_ns)
        while (change := self.master.next_change()) is not None:
            self.peers.append(change)

    def _next_ns(self) -> int:
        line_ns = self.line.next_event_ns()
        moments = [due_ns for due_ns, _, _ in self.replies] + ([] if line_ns is None else [line_ns])
        wake_ns = int(self.master.wake_s() * NS_PER_S) + 1
        return max(self.now_ns + 1, min([*moments, wake_ns]))

    def _hear(self, port: int, data: bytes):
        if port == 0:
            self.up += self.master.receive(data, self.now_ns / NS_PER_S)
        elif port not in self.silent:
            slave = self.slaves[port]
            self.down += [(port, message) for message in slave.receive(data)]
            raw = slave.next_frame()
            if raw is not None:
                self.replies.append((self.now_ns + TURNAROUND_NS, port, raw))

    def asked(self) -> list[int]:
        asked, self.log = [frame.address for _, frame in self.log if frame.kind is not Kind.CAST], []
        return asked
