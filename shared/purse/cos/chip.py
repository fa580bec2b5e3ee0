"""What a user card knows while it has power: where it stands, what was proven to it, what was begun.

The rim of every command of the software card: rights, key tries, and the one durable store before an answer. A command
that refuses raises `Refused` before it has changed anything. A try is paid durably before the comparison, so that
cutting the power cannot ask twice (FMCOS rights and states: pboc research, section 1; klks/fmcos-python notes).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from shared.purse import crypto
from shared.purse.apdu import CommandApdu, Sw
from shared.purse.cos.cardfs import CARD_SPACE, Block, Card, Directory, Ef, KeyKind, KeySlot, Purse
from shared.purse.cos.images import CardMemory, open_card_image
from shared.purse.cos.layout import NEVER
from shared.purse.errors import CardLost, PurseError

STATE_OPEN = 0x0F
"""State of a directory that holds neither control key nor PIN: nothing could raise it, so issuing is free."""
OK = Sw.OK.to_bytes(2, "big")


_CLOSING = frozenset((KeyKind.MAINTENANCE, KeyKind.PIN_UNBLOCK))
"""Keys whose last wrong MAC closes their application for ever, as FMCOS answers 9303 to 04D6 and 8424."""


class Refused(PurseError):
    """A command that got a status word instead of being carried out."""

    def __init__(self, sw: int) -> None:
        super().__init__(f"{sw:04X}")
        self.answer = sw.to_bytes(2, "big")


@dataclass(slots=True)
class DebitSession:
    """Between 8050 01/02/03 and 8054; `records`: what 80DC left for variable files, by short id and place."""

    kind: int
    purse: Purse
    key: crypto.Key
    tac: crypto.Key
    amount_fen: int
    terminal_id: bytes
    rnd: bytes
    records: dict[tuple[int, int], bytes] = field(default_factory=dict)


@dataclass(slots=True)
class OnlineSession:
    """Between 8050 00/04/05 and 8052, 8058 or 8054 03. `tac` None: an unload makes MAC3 instead."""

    kind: int
    purse: Purse
    session: crypto.Key
    tac: crypto.Key | None
    amount_fen: int
    terminal_id: bytes


Session = DebitSession | OnlineSession | None


class Chip:
    """One card's memory and everything that a reset forgets. `card` is None without power.

    `record`: the place of the current record in the current file, None: none was named yet.
    """

    __slots__ = (
        "begun", "card", "challenge", "file", "fresh", "here", "memory", "mf", "mf_state", "random_bytes",
        "record", "session", "state",
    )  # fmt: skip

    def __init__(self, memory: CardMemory, random_bytes: Callable[[int], bytes]) -> None:
        self.memory = memory
        self.random_bytes = random_bytes
        self.here = self.mf = Directory(0, b"", 0, NEVER, NEVER)
        self.power_off()

    def power_off(self) -> None:
        self.card: Card | None = None
        self.forget()

    def power_on(self) -> None:
        """Reads the memory; LayoutError if it holds no sound image."""
        self.card = None
        card = open_card_image(self.memory.load())
        self.here = self.mf = card.mf
        self.mf_state = self.state = _first_state(card.mf)
        self.forget()
        self.card = card

    def forget(self) -> None:
        """The current file, the challenge and what was begun."""
        self.stand_on(None)
        self.challenge = self.fresh = b""
        self.session: Session = None
        self.begun: Session = None

    def enter(self, directory: Directory) -> None:
        """SELECT of a directory: no current file, and its state begins anew unless it is the MF."""
        self.here = directory
        self.stand_on(None)
        self.state = self.mf_state if directory is self.mf else _first_state(directory)

    def stand_on(self, ef: Ef | None) -> None:
        """This is the current file; no record of it is current yet."""
        self.file = ef
        self.record: int | None = None

    @property
    def powered(self) -> Card:
        """The card; CardLost without power."""
        if self.card is None:
            raise CardLost("the card has no power")
        return self.card

    def commit(self) -> None:
        """One store for all of it. Without power meanwhile: if the store raises, only power_on wakes the card again."""
        card, self.card = self.powered, None
        self.memory.store(card.encode())
        self.card = card

    # --- rights ----------------------------------------------------------------------------------------------------

    def require(self, right: int) -> None:
        """6982 unless the state satisfies it. XY: Y <= state <= X. 0Y: the MF's state is at least Y."""
        high, low = right >> 4, right & 15
        if not (low <= self.mf_state if high == 0 else low <= self.state <= high):
            raise Refused(Sw.SECURITY)

    def raise_state(self, state: int) -> None:
        """The state that a PIN or an external authentication gives."""
        self.state = state & 15
        if self.here is self.mf:
            self.mf_state = self.state

    def need_room(self, size: int) -> None:
        """6A84 when the card has no room for this many bytes beside what is allotted already."""
        if self.powered.allotted + size > CARD_SPACE:
            raise Refused(Sw.NO_SPACE)

    # --- keys ------------------------------------------------------------------------------------------------------

    def key(self, kind: int, key_id: int) -> KeySlot:
        """The current directory's key, allowed to be used now. 9403 if there is none, 6982 if not now."""
        slot = self.here.slot(kind, key_id)
        if slot is None:
            raise Refused(Sw.KEY_NOT_FOUND)
        self.require(slot.use)
        return slot

    def money_key(self, kind: int, key_id: int) -> KeySlot:
        """The same for a key that moves money: an algorithm that is not built counts as no key."""
        slot = self.key(kind, key_id)
        if not crypto.is_supported(slot.second):
            raise Refused(Sw.KEY_NOT_FOUND)
        return slot

    def tac_key(self, money: KeySlot) -> crypto.Key:
        """The DTK with the id of the money key, else the first of its cipher: versions and ciphers stand side by side.

        A TAC says no algorithm of its own: the record carries the money key's, so the two must run the same.
        """
        wanted = crypto.suite_of(money.second)
        own = self.here.slot(KeyKind.TAC, money.key_id)
        for slot in self.here.slots(KeyKind.TAC) if own is None else (own,):
            key = slot.key
            if key.suite is wanted:
                return key
        raise Refused(Sw.KEY_NOT_FOUND)

    def pay_try(self, owner: Directory, slot: KeySlot) -> None:
        """Takes one try, durably, before anything is compared. 6983 when none is left, 9303 for a closing key."""
        left = slot.second & 15
        if not left:
            self.lock(owner, slot)
        owner.put(slot._replace(second=slot.second - 1))
        self.commit()

    def give_back(self, owner: Directory, slot: KeySlot) -> None:
        """All tries again, after success; durable with the commit of the command."""
        owner.put(slot._replace(second=slot.second >> 4 << 4 | slot.second >> 4))

    def lock(self, owner: Directory, slot: KeySlot) -> None:
        """The word of a key without tries. A closing key takes its application with it for ever."""
        if slot.kind not in _CLOSING:
            raise Refused(Sw.LOCKED)
        owner.block = Block.PERMANENT
        self.commit()
        raise Refused(Sw.LOCKED_FOR_EVER)

    def fail(self, owner: Directory, slot: KeySlot, sw: int) -> None:
        """The word after a wrong MAC, when its try has been paid."""
        if slot.second & 15 == 1 and slot.kind in _CLOSING:
            self.lock(owner, slot)
        raise Refused(sw)


def plain_parameters(command: CommandApdu) -> None:
    """6A86 unless P1 and P2 are 00."""
    if command.p1 or command.p2:
        raise Refused(Sw.WRONG_P1P2)


def no_data(command: CommandApdu) -> None:
    """6700 for a command that brings data where the standard has none."""
    if command.data:
        raise Refused(Sw.WRONG_LENGTH)


def need_le(command: CommandApdu, size: int) -> None:
    """6Cxx for an Le that an answer of this size would not fit into: said before anything is done."""
    if command.le is not None and command.le < size:
        raise Refused(0x6C00 | size)


def _first_state(directory: Directory) -> int:
    return 0 if directory.can_raise_state else STATE_OPEN
