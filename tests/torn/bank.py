"""Purchases from a bank's card at counters that take it beside the school's: another file 0015, plain, no file 0017.

The card is the school's otherwise: its number and its keys, so that ledger and PSAM know it.
"""

from dataclasses import dataclass, replace

from shared.inventory import DeviceKind
from shared.purse.cos.images import Application, decode_card_image, personalised_card_image
from shared.purse.files import PublicData, PublicForm, parse_public
from shared.purse.profiles import BANK_EP, CAMPUS, Agreed
from tests.torn.cut import Action, Cut
from tests.torn.play import OF_A_SALE, WRITTEN, Aftermath, Play, Scenario

ISSUER = bytes.fromhex("6217000000000001")


@dataclass(frozen=True, slots=True)
class BankScenario(Scenario):
    """8050 01 and type 06, found by its issuer."""

    @property
    def aftermaths(self) -> tuple[Aftermath, ...]:
        """After a tap that tore before it: the same card here, or elsewhere, as of a mixed payment."""
        return (Aftermath.HERE, Aftermath.ELSEWHERE) if self.torn_before is not None else OF_A_SALE

    def play(self, cut: Cut, aftermath: Aftermath) -> Play:
        """One run of it."""
        return BankPlay(self, cut, aftermath)


class BankPlay(Play):
    """Every counter has agreed with the bank; the card comes as one of the bank's."""

    def __init__(self, scenario: BankScenario, cut: Cut, aftermath: Aftermath) -> None:
        super().__init__(scenario, cut, aftermath)
        self.card.store(bank_image(self.card.image))
        for one in self.campus.terminals:
            if one.settings.kind is DeviceKind.POS:
                one.settings = replace(one.settings, agreed=(Agreed(BANK_EP, ISSUER),))


def bank_image(campus: bytes) -> bytes:
    """A bank card with number, keys and balance of this campus card: 10 bytes of serial are issuer 2 and serial 8."""
    old = decode_card_image(campus, CAMPUS.aid)
    was = parse_public(PublicForm.CITY, old.public)
    public = PublicData(ISSUER, was.issuer + was.serial, was.start, was.expiry, enabled=2)
    purse = Application(BANK_EP, public, old.keys, old.balance_fen, old.ceiling_fen, records=())
    return personalised_card_image([purse])


SCENARIOS: tuple[Scenario, ...] = (
    BankScenario("purchase-bank", "pos-1", "sell", 1250),
    BankScenario("purchase-bank-again", "pos-1", "again", 1250, ("sell", WRITTEN, Action.PULL)),
)
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
