"""Every number that provisioning gives: issuer, cards, devices, PSAMs. All follow from the plan, none from time.

A card serial is region 2 ‖ campus 2 ‖ dense number 4 (from 1): the right four bytes are the hotlist index. PSAM and
device numbers are one register in which no id stands twice: PSAMs have the high part 0x5000, spare bodies 0x4000.
Operator cards have dense numbers far above those of any user card.
"""

from shared.errors import ConfigFault
from shared.ids import CardId, DeviceId, PsamId
from shared.words.voice import Text

_SPARE_BASE, _PSAM_BASE = 0x4000_0000, 0x5000_0000
_OPERATOR_BASE = 0xF000_0000


def issuer(campus: int) -> bytes:
    """Issuer code, 2 B: the campus number."""
    return campus.to_bytes(2, "big")


def city(region: int) -> bytes:
    """City code of file 0015, 2 B: the region number."""
    return region.to_bytes(2, "big")


def card_serial(region: int, campus: int, number: int) -> bytes:
    """Application serial, 8 B, of the card with this dense number (1 and up)."""
    return city(region) + issuer(campus) + number.to_bytes(4, "big")


def card(region: int, campus: int, number: int) -> CardId:
    """Issuer 2 ‖ serial 8."""
    return CardId(issuer(campus) + card_serial(region, campus, number))


def operator_serial(region: int, campus: int, number: int) -> bytes:
    """Application serial, 8 B, of the operator card 主管卡 with this number (1 and up)."""
    return card_serial(region, campus, _OPERATOR_BASE + number)


def operator(region: int, campus: int, number: int) -> CardId:
    """Issuer 2 ‖ serial 8."""
    return CardId(issuer(campus) + operator_serial(region, campus, number))


def operator_number(card: CardId) -> int:
    """The number of an operator card of ours; 0 of any other card."""
    return max(0, int.from_bytes(card[-4:], "big") - _OPERATOR_BASE)


def device(campus: int, number: int) -> DeviceId:
    """Body serial of the terminal with this number (1 and up)."""
    return DeviceId(issuer(campus) + number.to_bytes(4, "big"))


def spare(campus: int, number: int) -> DeviceId:
    """Body serial of the spare with this number (1 and up): apart from those that are in place, which may grow."""
    return DeviceId(issuer(campus) + (_SPARE_BASE + number).to_bytes(4, "big"))


def psam(campus: int, number: int) -> PsamId:
    """File 0016 of the PSAM made for that terminal. A re-issued PSAM takes a number that nobody had."""
    return PsamId(issuer(campus) + (_PSAM_BASE + number).to_bytes(4, "big"))


def psam_number(campus: int, psam: PsamId) -> int:
    """The number of a PSAM of ours; ConfigFault when it is of another campus, or not numbered by us."""
    number = int.from_bytes(psam[2:], "big") - _PSAM_BASE
    if psam[:2] != issuer(campus) or number < 1:
        raise ConfigFault(Text(f"PSAM {psam.hex()} 不是本校的", f"PSAM {psam.hex()} is not of this campus"))
    return number
