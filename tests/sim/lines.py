"""Links between terminals and their box: a bus line that tells nobody anything, and a TCP connection that breaks."""

from tests.sim.edge_part import EdgePart
from tests.sim.faults import Faults
from tests.sim.network import Stream, Wire
from tests.sim.terminal_part import TerminalPart
from tests.sim.world import World

DIAL_S = 0.5
DIAL_MAX_S = 3.0
NOTICE_S = 4.0


class BusLine:
    """A place on a CAN bus or RS-485 line."""

    def __init__(self, world: World, faults: Faults, edge: EdgePart, terminal: TerminalPart) -> None:
        made = terminal.made
        self.device: bytes = terminal.device
        self._up = Wire(world, faults.wire, self._at_edge)
        self._down = Wire(world, faults.wire, terminal.hear)
        self._edge, self._terminal = edge, terminal
        self._place = (made.link, made.settings.address)
        edge.downs[self._place] = self
        terminal.send = self._up.send
        terminal.powered = self._powered

    def send(self, message: bytes) -> None:
        """Down to the terminal."""
        self._down.send(message)

    def cut(self) -> None:
        """Both ways fall silent."""
        self._up.up = self._down.up = False

    def mend(self) -> None:
        """They speak again."""
        self._up.up = self._down.up = True

    def _powered(self, on: bool) -> None:
        if on:
            self._terminal.wire(True)

    def _at_edge(self, message: bytes) -> None:
        self._edge.hear(*self._place, message)


class TcpLine:
    """A terminal that dials its box, again and again."""

    def __init__(self, world: World, faults: Faults, edge: EdgePart, terminal: TerminalPart) -> None:
        self.device: bytes = terminal.device
        self._world, self._faults, self._edge, self._terminal = world, faults, edge, terminal
        self._cut = False
        self._up: Stream | None = None
        self._down: Stream | None = None
        self._peer = 0
        self._dial = 0
        terminal.send = self._send_up
        terminal.powered = self._powered
        edge.lines.append(self._edge_died)

    def send(self, message: bytes) -> None:
        """Down to the terminal."""
        if self._down is not None:
            self._down.send(message)

    def cut(self) -> None:
        """The connection breaks and cannot be made anew."""
        self._cut = True
        self._break(edge_notices=True)

    def mend(self) -> None:
        """It can be made again."""
        self._cut = False

    def _powered(self, on: bool) -> None:
        if on:
            self._redial()
        else:
            self._dial += 1
            self._break(edge_notices=True)

    def _edge_died(self) -> None:
        self._break(edge_notices=False)

    def _send_up(self, message: bytes) -> None:
        if self._up is not None:
            self._up.send(message)

    def _redial(self) -> None:
        self._dial += 1
        self._world.after(self._world.between(DIAL_S / 2, DIAL_S), self._connect, self._dial)

    def _connect(self, dial: int) -> None:
        if dial != self._dial or self._up is not None:
            return
        if self._cut or not self._edge.alive:
            self._world.after(self._world.between(DIAL_S, DIAL_MAX_S), self._connect, dial)
            return
        peer = self._peer = self._edge.new_peer()
        link = self._terminal.made.link
        self._up = Stream(self._world, self._faults.stream, lambda message: self._edge.hear(link, peer, message))
        self._down = Stream(self._world, self._faults.stream, self._terminal.hear)
        self._edge.peer(link, peer, self)
        self._terminal.wire(True)

    def _break(self, *, edge_notices: bool) -> None:
        if self._up is None or self._down is None:
            return
        self._up.close()
        self._down.close()
        self._up = self._down = None
        world, peer = self._world, self._peer
        if edge_notices:
            world.after(world.between(0, NOTICE_S), self._gone_at_edge, peer)
        if self._terminal.on:
            world.after(world.between(0, NOTICE_S), self._gone_at_terminal, self._dial)

    def _gone_at_edge(self, peer: int) -> None:
        self._edge.peer(self._terminal.made.link, peer, None)

    def _gone_at_terminal(self, dial: int) -> None:
        if dial == self._dial and self._terminal.on:
            self._terminal.wire(False)
            self._redial()


Line = BusLine | TcpLine
