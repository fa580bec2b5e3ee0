"""What a 29-bit id says on our bus: priority, page, format, target address, source address.

ISO 15765-2 "normal fixed" form: [28:26] priority, [25:24] page, [23:16] format, [15:8] target, [7:0] source.
Page 2 carries a broadcast's symbols down, page 1 its answers up (broadcast.py), both of BROADCAST_PRIORITY. Page 3
is for nodes without an address (claims.py); formats 0x80 and 0xFE are kept free for later.
"""

from dataclasses import dataclass
from functools import lru_cache

from edge.link.can.frame import EXTENDED, EXTENDED_MASK, REMOTE
from edge.link.port import FIRST_TERMINAL, LAST_TERMINAL

EDGE_ADDRESS = 0xF0
NO_ADDRESS = 0
"""Of a node that claims one: it hears and says nothing else."""
ALL_ADDRESSES = 0xFF

PHYSICAL = 0xDA
FUNCTIONAL = 0xDB

URGENT_PRIORITY = 3
BULK_PRIORITY = 6
BROADCAST_PRIORITY = 7
"""Below everything else that is said on a bus."""
PRIORITIES = 8
BROADCAST_DOWN, BROADCAST_UP, CLAIMS = 2, 1, 3
"""Pages."""
CLAIM_PRIORITY = 7
CLAIM_DOWN = 0x80
"""In the format of an identifier of page 3: the edge answers. The other 23 bits are the claim's tag."""

_PAGE_AND_FORMAT_MASK = 0x03FF_0000
_TARGET_MASK = 0x0000_FF00
_BROADCAST_MASK = EXTENDED | REMOTE | 0x1F00_0000
_CLAIM_MASK = _BROADCAST_MASK | CLAIM_DOWN << 16


class AddressError(ValueError):
    """A field of an id outside its bits, or a node address outside the plan: a mistake of configuration."""


@dataclass(frozen=True, slots=True)
class CanId:
    """The fields of one id."""

    priority: int
    target: int
    source: int
    format: int = PHYSICAL
    page: int = 0

    @property
    def word(self) -> int:
        """The id as `struct can_frame` writes it, extended flag included; raises AddressError."""
        fields = (self.priority, 3), (self.page, 2), (self.format, 8), (self.target, 8), (self.source, 8)
        word = 0
        for value, bits in fields:
            if not 0 <= value < 1 << bits:
                raise AddressError(f"{value} does not fit {bits} bits of an id")
            word = word << bits | value
        return EXTENDED | word


@lru_cache(maxsize=1024)
def parse_id(word: int) -> CanId:
    """The fields of an extended id word (flags are ignored)."""
    return CanId(
        priority=word >> 26 & 0x7,
        page=word >> 24 & 0x3,
        format=word >> 16 & 0xFF,
        target=word >> 8 & 0xFF,
        source=word & 0xFF,
    )


def require_node_address(address: int) -> None:
    """Raises AddressError unless it is the edge's address or one a terminal may be given."""
    if address != EDGE_ADDRESS and not is_terminal(address):
        raise AddressError(f"{address:#x} is neither the edge nor a terminal 0x01..0xDF")


def is_terminal(address: int) -> bool:
    """True for addresses that provisioning hands out."""
    return FIRST_TERMINAL <= address <= LAST_TERMINAL


@dataclass(frozen=True, slots=True)
class AcceptanceFilter:
    """As in a controller: a frame passes when it agrees with `word` in every bit of `mask`."""

    word: int
    mask: int

    def accepts(self, word: int) -> bool:
        """True when a frame of this id word (flags included) passes."""
        return (word ^ self.word) & self.mask == 0


DOWN_FILTER = AcceptanceFilter(CanId(BROADCAST_PRIORITY, 0, 0, 0, BROADCAST_DOWN).word, _BROADCAST_MASK)
"""Of a broadcast's symbols: terminals hear them."""
UP_FILTER = AcceptanceFilter(
    CanId(BROADCAST_PRIORITY, EDGE_ADDRESS, 0, 0, BROADCAST_UP).word, _BROADCAST_MASK | _TARGET_MASK
)
"""Of the answers to them: the edge hears them."""
CLAIM_FILTER = AcceptanceFilter(CanId(CLAIM_PRIORITY, 0, 0, 0, CLAIMS).word, _CLAIM_MASK)
"""Of claims of an address: the edge hears them."""
ANSWER_FILTER = AcceptanceFilter(CanId(CLAIM_PRIORITY, 0, 0, CLAIM_DOWN, CLAIMS).word, _CLAIM_MASK)
"""Of the answers to them: a body hears them whose settings give it no address."""


def acceptance_filters(address: int, *, claims: bool = False) -> tuple[AcceptanceFilter, ...]:
    """What a node must hear: data frames to its own address and to all, of any priority and from anyone; its side
    of a broadcast, and of claims, which a terminal has only where it claims; with NO_ADDRESS nothing else."""
    if address == NO_ADDRESS and claims:
        return (ANSWER_FILTER,)
    require_node_address(address)
    mask = EXTENDED | REMOTE | _PAGE_AND_FORMAT_MASK | _TARGET_MASK
    wanted = CanId(0, address, 0, PHYSICAL), CanId(0, ALL_ADDRESSES, 0, FUNCTIONAL)
    own = tuple(AcceptanceFilter(EXTENDED | id_.word & EXTENDED_MASK, mask) for id_ in wanted)
    if address == EDGE_ADDRESS:
        return *own, UP_FILTER, CLAIM_FILTER
    return *own, DOWN_FILTER, *((ANSWER_FILTER,) if claims else ())
