"""What terminals say at length, and what they count, on its way to the centre. Pure.

A piece goes up once and its terminal hears of it when the broker has it: until then the terminal keeps it, and says it
again. Without a connection it is dropped. Of counts the newest of each terminal, day and generation is remembered, to
be said again at each connection; TALLIES_MAX of them, beyond that the oldest is forgotten.
"""

from collections.abc import Callable

from edge.box.terminals.conversation import Conversation
from edge.box.values.effects import Send
from edge.link import messages as link
from edge.link.messages import Type
from edge.link.seal import Opened
from shared.ids import DeviceId
from shared.wire.fleet_lane import Piece, Tallied

TALLIES_MAX = 2048
SAID = frozenset({Type.PIECE, Type.TALLY})
"""What goes up from a terminal, and is no document."""
Key = tuple[DeviceId, int, int]


class Sayings:
    """`up` collects what the centre is to hear; its owner empties it."""

    def __init__(self, talk_of: Callable[[DeviceId], Conversation | None]) -> None:
        self.up: list[Piece | Tallied] = []
        self._talk_of = talk_of
        self._tallies: dict[Key, Tallied] = {}

    def connected(self) -> None:
        """The newest counts are said again."""
        self.up += self._tallies.values()

    def heard(self, talk: Conversation, opened: Opened) -> None:
        """A PIECE or a TALLY. Malformed: WireFault."""
        device = talk.terminal.device
        if opened.type is Type.PIECE:
            piece = link.PIECE.decode(opened.payload)
            self.up.append(Piece(device, *piece))
        else:
            self._remember(Tallied(device, *link.TALLY.decode(opened.payload)))

    def taken(self, piece: Piece) -> list[Send]:
        """The broker has it: its terminal may say the next."""
        talk = self._talk_of(piece.device)
        if talk is None:
            return []
        said = link.PIECE_TAKEN.encode(link.PieceTaken(piece.generation, piece.number))
        return [Send(*talk.place, talk.seal.seal(Type.PIECE_TAKEN, said))]

    def _remember(self, said: Tallied) -> None:
        key = said.device, said.day, said.generation
        self._tallies.pop(key, None)
        if len(self._tallies) >= TALLIES_MAX:
            del self._tallies[next(iter(self._tallies))]
        self._tallies[key] = said
        self.up.append(said)
