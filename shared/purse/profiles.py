"""Card profiles as data: what differs between the purses in the field, and nothing that is a rule.

Campus buys by CAPP (8050 03, 80DC, 8054, type 09). Bank EP buys plainly (8050 01, 8054, type 06) and logs and
proves the same way. MoC city and toll profiles are further values of `CardProfile`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from shared.ids import CardId, card_id
from shared.purse.apdu import SW_NOT_EXECUTED
from shared.purse.crypto import TYPE_CAPP_PURCHASE, TYPE_EP_PURCHASE
from shared.purse.errors import LayoutError
from shared.purse.files import PublicData, PublicForm
from shared.records import purse_byte

AID_PURSE = bytes.fromhex("A00000000386980701")

APPLICATION_MAIN = 0
APPLICATION_SUBSIDY = 1
PURSE_EP = 2


class PurchaseForm(Enum):
    """Plain: 8050 01, type 06. CAPP: 8050 03 with file 0017, type 09."""

    PLAIN = "plain"
    CAPP = "capp"


class Factor(Enum):
    """One diversification factor, each completed to 8 bytes."""

    SERIAL = "serial"
    ISSUER = "issuer"
    CITY = "city"


class Number(Enum):
    """Which value of the transaction counter a place uses: before the step, or after +1."""

    BEFORE = 0
    AFTER = 1


class ProveOrder(Enum):
    """Order of the 8 bytes of 805A."""

    MAC_TAC = 0
    TAC_MAC = 1


@dataclass(frozen=True, slots=True, eq=False)
class CardProfile:
    """One kind of card. `factors` are in the order that 8070 wants them: the PSAM applies the last one first."""

    name: str
    aid: bytes
    form: PublicForm
    purchase: PurchaseForm
    factors: tuple[Factor, ...]
    application: int = APPLICATION_MAIN
    auth_id_in_mac1: bool = False
    log_number: Number = Number.AFTER
    prove_number: Number = Number.AFTER
    prove_order: ProveOrder = ProveOrder.MAC_TAC
    not_executed: frozenset[int] = SW_NOT_EXECUTED

    @property
    def purchase_type(self) -> int:
        return TYPE_CAPP_PURCHASE if self.purchase is PurchaseForm.CAPP else TYPE_EP_PURCHASE

    def purse_byte(self, key_id: int) -> int:
        """Application 2 bits | EP 2 bits | key id 4 bits: the purse field of a record."""
        return purse_byte(self.application, PURSE_EP, key_id)


CAMPUS = CardProfile("campus", AID_PURSE, PublicForm.CITY, PurchaseForm.CAPP, (Factor.SERIAL,))
"""One level: DPK = div(school master, serial)."""

CAMPUS_REGION = CardProfile(
    "campus-region", AID_PURSE, PublicForm.CITY, PurchaseForm.CAPP, (Factor.SERIAL, Factor.ISSUER)
)
"""Two levels, for schools whose PSAMs hold the region's key: DPK = div(div(region master, issuer), serial)."""

BANK_EP = CardProfile("bank-ep", AID_PURSE, PublicForm.BANK, PurchaseForm.PLAIN, (Factor.SERIAL,))

PROFILES = {profile.name: profile for profile in (CAMPUS, CAMPUS_REGION, BANK_EP)}


def diversification_factors(profile: CardProfile, public: PublicData) -> tuple[bytes, ...]:
    """The 8-byte factors of a card in the order of `profile.factors`."""
    return tuple(_factor(kind, public) for kind in profile.factors)


def card_id_of(profile: CardProfile, public: PublicData) -> CardId:
    """10 bytes: issuer 2 + serial 8 in the city form, the 10-byte serial in the bank form."""
    return card_id(public.issuer + public.serial if profile.form is PublicForm.CITY else public.serial)


def _factor(kind: Factor, public: PublicData) -> bytes:
    source = {Factor.SERIAL: public.serial, Factor.ISSUER: public.issuer, Factor.CITY: public.city}[kind]
    if not source:
        raise LayoutError(f"file 0015 has no {kind.value} to diversify by")
    return source[-8:].rjust(8, b"\0")
