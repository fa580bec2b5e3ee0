"""Card profiles as data: what differs between the purses in the field, and nothing that is a rule.

One profile is one file of profile_data/, read by the strict parser below: a further kind of card is a further file.
Refuses a file with an unknown, missing or misspelt key. Parsed once, when this module is loaded.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, StrEnum
from importlib.resources import files
from typing import TypeVar

from shared.errors import ConfigFault
from shared.ids import CardId, card_id
from shared.input.section import Section, octets
from shared.purse.apdu import SW_NOT_EXECUTED
from shared.purse.crypto import TYPE_CAPP_PURCHASE, TYPE_ED_PURCHASE, TYPE_EP_PURCHASE
from shared.purse.errors import LayoutError
from shared.purse.files import PublicData, PublicForm
from shared.purse.reasons import Reason
from shared.purse.suite import SUITES, TRIPLE_DES, Suite
from shared.records import purse_byte
from shared.words.voice import Text

APPLICATION_MAIN = 0
APPLICATION_SUBSIDY = 1
PURSE_ED = 1
PURSE_EP = 2
SFI_LOG = 0x18
SFI_CAPP = 0x17
CAPP_TAG = 0x21
FACTORS_MAX = 3
_BEHIND_CITY = bytes.fromhex("FF0000000000")
"""Behind the two bytes of a city in its factor, as three public terminals of city cards send it in 8070."""
WORDS_MAX = 64
"""Most status words that a profile may give a meaning."""

_Named = TypeVar("_Named", bound=Enum)


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


class Purse(Enum):
    """ED 电子存折, EP 电子钱包: P2 of the purse commands, and the purse bits of a record."""

    ED = PURSE_ED
    EP = PURSE_EP


class PinUse(StrEnum):
    """What a card wants its PIN for."""

    LOAD = "load"
    UNLOAD = "unload"
    OVERDRAFT = "overdraft"
    ED_PURCHASE = "ed-purchase"


class _Application(Enum):
    MAIN = APPLICATION_MAIN
    SUBSIDY = APPLICATION_SUBSIDY


@dataclass(frozen=True, slots=True, eq=False)
class CardProfile:
    """One kind of card. `factors` are in the order that 8070 wants them: the PSAM applies the last one first.

    fid: select by this file id, None: by `aid`. capp_file, log, load_log, away_log: short file ids (away 0: none).
    counters: the CAPP record is the campus one with day and meal sums; else it is written back as it was read.
    meanings: status words of this card that say something else than the standard. suite: what the money keys of a new
    card of this kind run; a card in the field says its own, at each INIT.
    """

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
    title: tuple[str, str] = ("", "")
    fid: int | None = None
    purses: tuple[Purse, ...] = (Purse.EP,)
    unload: frozenset[Purse] = frozenset()
    pin: frozenset[PinUse] = frozenset()
    capp_file: int = SFI_CAPP
    capp_tag: int = CAPP_TAG
    counters: bool = True
    log: int = SFI_LOG
    load_log: int = SFI_LOG
    away_log: int = 0
    meanings: tuple[tuple[int, Reason], ...] = ()
    suite: Suite = TRIPLE_DES

    @property
    def purchase_type(self) -> int:
        return TYPE_CAPP_PURCHASE if self.purchase is PurchaseForm.CAPP else TYPE_EP_PURCHASE

    def purse_byte(self, key_id: int, purse: Purse = Purse.EP) -> int:
        """Application 2 bits | ED or EP 2 bits | key id 4 bits: the purse field of a record."""
        return purse_byte(self.application, purse.value, key_id)


@dataclass(frozen=True, slots=True)
class Agreed:
    """Cards of this issuer are of this kind. issuer: as their file 0015 begins, 2 bytes city, 8 bytes bank and toll."""

    profile: CardProfile
    issuer: bytes


ISSUER_SIZE = {PublicForm.CITY: 2, PublicForm.BANK: 8, PublicForm.TOLL: 8}


# --- the rules that use them -------------------------------------------------------------------------------------


def diversification_factors(profile: CardProfile, public: PublicData) -> tuple[bytes, ...]:
    """The 8-byte factors of a card in the order of `profile.factors`."""
    return tuple(_factor(kind, public) for kind in profile.factors)


def card_id_of(profile: CardProfile, public: PublicData) -> CardId:
    """10 bytes: issuer 2 + serial 8 (city), the 10-byte serial (bank), network 2 + card number 8 (toll)."""
    match profile.form:
        case PublicForm.CITY:
            return card_id(public.issuer + public.serial)
        case PublicForm.TOLL:
            return card_id(public.interop + public.serial)
        case PublicForm.BANK:
            return card_id(public.serial)


def _factor(kind: Factor, public: PublicData) -> bytes:
    source = {Factor.SERIAL: public.serial, Factor.ISSUER: public.issuer, Factor.CITY: public.city}[kind]
    if not source:
        raise LayoutError(f"file 0015 has no {kind.value} to diversify by")
    return source + _BEHIND_CITY if kind is Factor.CITY else source[-8:].rjust(8, b"\0")


def purchase_type_of(profile: CardProfile, purse: Purse) -> int:
    """Transaction type of a purchase from this purse."""
    return TYPE_ED_PURCHASE if purse is Purse.ED else profile.purchase_type


# --- one file ----------------------------------------------------------------------------------------------------


def parse_profile(name: str, text: str) -> CardProfile:
    """The profile in the text of `name`.toml; ConfigFault naming file and key."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise ConfigFault(Text(f"{name}.toml: 不是 TOML：{fault}", f"{name}.toml: not TOML: {fault}")) from fault
    row = Section(raw, f"{name}.toml")
    profile = _profile(name, row)
    row.done()
    return profile


def _profile(name: str, row: Section) -> CardProfile:
    fid = _fid(row)
    aid = b"" if fid is not None else _aid(row)
    return CardProfile(
        name=name,
        aid=aid,
        fid=fid,
        title=_title(row),
        form=_choice(row, "public", PublicForm),
        purchase=_choice(row, "purchase", PurchaseForm),
        factors=_choices(row, "factors", Factor, FACTORS_MAX),
        application=_choice(row, "application", _Application).value,
        purses=_choices(row, "purses", Purse, len(Purse)),
        unload=frozenset(_choices(row, "unload", Purse, len(Purse), ())),
        pin=frozenset(_choices(row, "pin", PinUse, len(PinUse), ())),
        auth_id_in_mac1=row.take("auth_id", bool, False),
        counters=row.take("counters", bool, True),
        capp_file=_byte(row, "capp_file", SFI_CAPP),
        capp_tag=_byte(row, "capp_tag", CAPP_TAG),
        log=_byte(row, "log", SFI_LOG),
        load_log=_byte(row, "load_log", SFI_LOG),
        away_log=_byte(row, "away_log", 0),
        log_number=_choice(row, "log_number", Number),
        prove_number=_choice(row, "prove_number", Number),
        prove_order=_choice(row, "prove_order", ProveOrder),
        not_executed=_words(row, "not_executed") or SW_NOT_EXECUTED,
        meanings=_meanings(row),
        suite=_suite(row),
    )


def _suite(row: Section) -> Suite:
    name = row.take("algorithm", str, TRIPLE_DES.name)
    if name not in SUITES:
        raise ConfigFault(_none_of(row.name("algorithm"), SUITES))
    return SUITES[name]


def _fid(row: Section) -> int | None:
    text = row.take("fid", str, "")
    return int.from_bytes(octets(text, 2, row.name("fid")), "big") if text else None


def _aid(row: Section) -> bytes:
    text = row.take("aid", str)
    if not 10 <= len(text) <= 32:
        where = row.name("aid")
        raise ConfigFault(Text(f"{where}: 应为 5 至 16 字节", f"{where}: must have 5 to 16 bytes"))
    return octets(text, len(text) // 2, row.name("aid"))


def _title(row: Section) -> tuple[str, str]:
    texts = row.texts("title", 2)
    if len(texts) != 2:
        where = row.name("title")
        raise ConfigFault(Text(f"{where}: 应为中文、英文两项", f"{where}: must be two texts, Chinese and English"))
    return texts[0], texts[1]


def _byte(row: Section, key: str, default: int) -> int:
    return octets(row.take(key, str, f"{default:02X}"), 1, row.name(key))[0]


def _choice(row: Section, key: str, kind: type[_Named]) -> _Named:
    return _named(row.take(key, str), kind, row.name(key))


def _choices(
    row: Section, key: str, kind: type[_Named], most: int, default: tuple[str, ...] | None = None
) -> tuple[_Named, ...]:
    found = tuple(_named(text, kind, row.name(key)) for text in row.texts(key, most, default))
    if len(set(found)) != len(found) or not (found or default is not None):
        where = row.name(key)
        raise ConfigFault(Text(f"{where}: 重复或为空", f"{where}: one stands there twice, or none at all"))
    return found


def _named(text: str, kind: type[_Named], where: str) -> _Named:
    known = {each.name.lower().replace("_", "-"): each for each in kind}
    if text not in known:
        raise ConfigFault(_none_of(where, known))
    return known[text]


def _none_of(where: str, known: Iterable[str]) -> Text:
    return Text(f"{where}: 应为其一：{'、'.join(known)}", f"{where}: must be one of {', '.join(known)}")


def _words(row: Section, key: str) -> frozenset[int]:
    return frozenset(_word(text, row.name(key)) for text in row.texts(key, WORDS_MAX, ()))


def _meanings(row: Section) -> tuple[tuple[int, Reason], ...]:
    """Rows of {word = "6A80", reason = "balance"}."""
    return tuple(map(_meaning, row.rows("meanings", WORDS_MAX, [])))


def _meaning(row: Section) -> tuple[int, Reason]:
    meaning = _word(row.take("word", str), row.name("word")), _choice(row, "reason", Reason)
    row.done()
    return meaning


def _word(text: str, where: str) -> int:
    return int.from_bytes(octets(text, 2, where), "big")


def _load_all() -> dict[str, CardProfile]:
    folder = files("shared.purse").joinpath("profile_data")
    found = sorted((each for each in folder.iterdir() if each.name.endswith(".toml")), key=lambda each: each.name)
    return {
        name: parse_profile(name, each.read_text(encoding="utf-8"))
        for each, name in ((each, each.name.removesuffix(".toml")) for each in found)
    }


PROFILES = _load_all()
"""By name, every file of profile_data."""

CAMPUS = PROFILES["campus"]
CAMPUS_SM4 = PROFILES["campus-sm4"]
CAMPUS_REGION = PROFILES["campus-region"]
BANK_EP = PROFILES["bank-ep"]
SUBSIDY = PROFILES["subsidy"]
CAMPUS_CARDS = (CAMPUS, CAMPUS_SM4)
"""Main purses of the cards that a school makes for itself; each runs another cipher."""
AID_PURSE = CAMPUS.aid
AID_OPERATOR = b"OYKT.OPERATOR"
"""Application of a supervisor's operator card 主管卡; ours, of no standard."""
