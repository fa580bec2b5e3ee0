"""What an operation is given, and how it stands in the table. A family of calls is a mapping of names to Operations.

    OPERATIONS = {"statement": Operation(Right.SEES, {"holder": HOLDER, "before": whole(0, 2**53)}, statement)}

Right: what the table requires before `act` is called; it is judged in one place (`rights.py`), never by the family.
`act` takes the context and the parsed arguments and returns a value of JSON, or raises CallRefused, which has changed
nothing if it writes inside of one transaction. Dear work (a password's hash) is returned as Later.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

from cloud.keys.client import KeyClient
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.records.values import Now
from cloud.payments.deposits.settings import Offer
from cloud.payments.deposits.wakes import Wakes
from cloud.store.db import Database
from cloud.wallet.back.money.waiting import Room
from cloud.wallet.line.calls import Caller
from cloud.wallet.line.problems import NO_CARD, SIGN_IN, CallRefused
from cloud.wallet.line.shapes import Arguments, Shape
from cloud.wallet.people.persons import Person
from cloud.wallet.people.roster import Holder
from cloud.wallet.people.sessions import Session
from cloud.wallet.settings import Binding
from cloud.wallet.sso.terms import SignOn
from shared.ids import CardId

WALLET = "wallet"
"""So begins the name of who did it, in the ledger's deeds: `wallet:NUMBER`, `wallet:0` for who did not sign in."""


class Right(Enum):
    """What a caller must have. Each includes those above it but ANYBODY; of a holder they are about the chosen one."""

    ANYBODY = "anybody"
    """No session; the front's throttle by address and the operation's own are all that bounds it."""
    PERSON = "person"
    """Somebody who has signed in."""
    TOPS_UP = "tops-up"
    """The holder himself, or a guardian, at whatever age."""
    SEES = "sees"
    """The holder himself, or a guardian of a minor, or one to whom a holder of age has granted it."""
    SETS = "sets"
    """The holder himself, or a guardian of a minor: bounds and answers that change what the wallet does."""
    TEACHES = "teaches"
    """The teacher of the chosen holder's class. Includes PERSON alone: no right to see or to top up comes with it."""
    OWN = "own"
    """The holder himself: pays, shows codes, grants sight."""
    STALL = "stall"
    """Who keeps the chosen stall, as the school has bound him; it is about no holder."""


class Chosen(NamedTuple):
    """The holder whose matter it is, and the card that is his now. card: None where he has none."""

    holder: Holder
    card: CardId | None
    label: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class Site:
    """What all operations share. One thread's, that of the ledger. address: scheme, host and port of the wallet's pages
    as phones see them, '' where nobody has said so; passkeys are for it alone."""

    ledger: OpenedLedger
    people: Database
    is_demo: bool = False
    channels: tuple[str, ...] = ()
    """Providers that take deposits, by name; whoever has their keys is another process."""
    wakes: Wakes | None = None
    """Where callbacks are laid down for it."""
    address: str = ""
    phones: KeyClient | None = None
    """Who signs phones' certificates for offline codes; None: nobody does here."""
    sign_ons: Mapping[str, SignOn] = field(default_factory=dict)
    """The campus' own sign-ons, by name."""
    binding: Binding = Binding.BIRTH
    """What is asked of somebody the first time."""
    room: Room = field(default_factory=Room)
    """Calls that are held."""
    sends: Callable[[], bool] = lambda: True
    """Has the school a way by which codes leave?"""
    offers: Mapping[str, Offer] = field(default_factory=dict)
    """In which ways an order of a provider may be opened."""


@dataclass(frozen=True, slots=True)
class Context:
    """One call. signed, chosen: as the operation's right requires."""

    site: Site
    caller: Caller
    now: Now
    signed: tuple[Person, Session] | None = None
    chosen: Chosen | None = None
    stall: str = ""
    """The merchant, where the right is STALL."""

    @property
    def person(self) -> Person:
        """Who asks. CallRefused where nobody has signed in."""
        if self.signed is None:
            raise CallRefused(SIGN_IN)
        return self.signed[0]

    @property
    def session(self) -> Session:
        """By which session. As `person`."""
        if self.signed is None:
            raise CallRefused(SIGN_IN)
        return self.signed[1]

    @property
    def whose(self) -> Chosen:
        """The holder chosen. CallRefused where there is none."""
        if self.chosen is None:
            raise CallRefused(NO_CARD)
        return self.chosen

    @property
    def card(self) -> CardId:
        """The chosen holder's card. CallRefused where he has none."""
        if self.whose.card is None:
            raise CallRefused(NO_CARD)
        return self.whose.card


@dataclass(frozen=True, slots=True)
class Signed:
    """A value that opens or ends a session: the cookie has this token from now on, '' ends it."""

    value: Any
    session: str


@dataclass(frozen=True, slots=True)
class Later:
    """`work` is done beside the ledger thread, and what it returns goes to `then`, on the ledger thread again."""

    work: Callable[[], Any]
    then: Callable[[Any], Any]
    outward: bool = False
    """It waits for somebody outside, and holds up no password meanwhile."""


Act = Callable[[Context, Arguments], Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """right, shape: required before `act`. fresh: who it is was proven within FRESH_MS. act: see above. own: not at a
    terminal that many share: what it opens or changes lasts longer than that session."""

    right: Right
    shape: Shape
    act: Act
    fresh: bool = False
    own: bool = False
