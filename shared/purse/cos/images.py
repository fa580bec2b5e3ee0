"""What a software card keeps in its memory, and the makers of whole images: blank, personalised, the campus card.

Format 2 lies in `cardfs`, PSAM images in `psam_image`; a version-1 card image is still opened. Refuses what does not
fit with LayoutError. Images hold keys: they are secrets.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from shared.purse.caps import CardCounters
from shared.purse.commands import AUTH_ID_SIZE, SFI_CAPP, SFI_HOLDER, SFI_LOG, SFI_PUBLIC
from shared.purse.cos.card_v1 import CARD_V1_MARK, open_card_v1
from shared.purse.cos.cardfs import CARD_SPACE, Card, Directory, KeyKind, Purse, PurseOption, decode_card
from shared.purse.cos.layout import (
    ED,
    EP,
    FID_ADF,
    FID_OPERATOR,
    FREE,
    NEEDS_ISSUER,
    NEEDS_PIN,
    NEEDS_TRANSPORT,
    SFI_AWAY_LOG,
    SFI_CARD_PUBLIC,
    SFI_LOAD_LOG,
    STATE_ISSUER,
    binary,
    internal_slot,
    keeper_slot,
    money_slot,
    new_card,
    new_directory,
    new_mf,
    new_purse,
    pin_slot,
    transport_slot,
)
from shared.purse.cos.psam_image import TTN_MAX, PsamImage, PsamMaster, decode_psam_image, new_psam_image
from shared.purse.crypto import Key
from shared.purse.errors import LayoutError
from shared.purse.files import HOLDER_SIZE, PublicData, PublicForm, encode_public
from shared.purse.profiles import AID_OPERATOR, CardProfile

__all__ = [
    "CEILING_FEN", "KEYS_MAX", "TTN_MAX", "Application", "CardImage", "CardKey", "CardKeys", "CardMemory", "PsamImage",
    "PsamMaster", "RamMemory", "blank_card_image", "decode_card_image", "decode_psam_image", "new_card_image",
    "new_psam_image", "open_card_image", "operator_card_image", "personalised_card_image",
    "purse_options",
]  # fmt: skip

CEILING_FEN = 100_000
"""Highest balance unless the issuer says otherwise: the 1,000 yuan of an EP."""
KEYS_MAX = 16
"""Keys of one kind."""
_MONEY_MAX = 0xFFFF_FFFF
_FIELD_MAX = 255


class CardMemory(Protocol):
    """Non-volatile memory of one card or PSAM.

    `store` returns when `image` is durable; it may raise CardLost before or after that.
    """

    def load(self) -> bytes: ...

    def store(self, image: bytes, /) -> None: ...


class RamMemory:
    """A memory for tests and simulators: durable as long as the object lives."""

    def __init__(self, image: bytes) -> None:
        self.image = image

    def load(self) -> bytes:
        return self.image

    def store(self, image: bytes, /) -> None:
        self.image = image


@dataclass(frozen=True, slots=True)
class CardKey:
    """A money key of a card: the id that INIT names, the version and algorithm that INIT answers.

    algorithm None: the selector of the key's own suite.
    """

    key_id: int
    version: int
    key: Key
    algorithm: int | None = None

    @property
    def selector(self) -> int:
        return self.key.suite.selector if self.algorithm is None else self.algorithm


@dataclass(frozen=True, slots=True)
class CardKeys:
    """The keys of one application: DPKs, DLKs, DTK; the rest as far as the issuer wants it.

    `tac` has number 00; `more_tac` stand beside it under the numbers of the money keys that they go with.
    """

    purchase: tuple[CardKey, ...]
    load: tuple[CardKey, ...]
    tac: Key
    unload: tuple[CardKey, ...] = ()
    overdraft: tuple[CardKey, ...] = ()
    more_tac: tuple[CardKey, ...] = ()
    maintenance: Key | None = None
    control: Key | None = None
    pin_unblock: Key | None = None
    pin_reload: Key | None = None
    pin: bytes = field(default=b"", repr=False)
    internal_auth: CardKey | None = None


@dataclass(frozen=True, slots=True)
class Application:
    """One application of a personalised card. The PIN, if the keys have one, opens loads (and ED) when asked.

    `split_logs`: loads in 001A, debits of terminals outside `home` (2 bytes of the terminal id) in 0010.
    """

    profile: CardProfile
    public: PublicData
    keys: CardKeys
    opening_balance_fen: int = 0
    ceiling_fen: int = CEILING_FEN
    fid: int = FID_ADF
    holder: bytes = bytes(HOLDER_SIZE)
    records: tuple[bytes, ...] = (CardCounters().encode(),)
    ed_ceiling_fen: int | None = None
    pin_for_load: bool = False
    ep_unload: bool = False
    zero_plain: bool = True
    split_logs: bool = False
    home: bytes = bytes(2)


class CardImage:
    """A card's memory, looked into: the first application that has an EP, or the one named. By `decode_card_image`."""

    def __init__(self, card: Card, aid: bytes | None = None) -> None:
        self.card = card
        self.purse: Purse | None = None
        for stored in card.directories:
            self.application = stored.open()
            if aid in (None, self.application.name):
                self.purse = self.application.purse(EP)
            if self.purse is not None:
                return

    @property
    def ep(self) -> Purse:
        """LayoutError when the card has none, as a blank one."""
        if self.purse is None:
            raise LayoutError("the card has no electronic purse")
        return self.purse

    @property
    def balance_fen(self) -> int:
        return self.ep.balance_fen

    @balance_fen.setter
    def balance_fen(self, fen: int) -> None:
        self.ep.balance_fen = fen

    @property
    def online(self) -> int:
        return self.ep.online

    @online.setter
    def online(self, count: int) -> None:
        self.ep.online = count

    @property
    def offline(self) -> int:
        return self.ep.offline

    @offline.setter
    def offline(self, count: int) -> None:
        self.ep.offline = count

    @property
    def ceiling_fen(self) -> int:
        return self.ep.ceiling_fen

    @property
    def capp(self) -> bytes:
        """File 0017, all records."""
        return self._content(SFI_CAPP)

    @capp.setter
    def capp(self, content: bytes) -> None:
        ef = self.application.by_sfi(SFI_CAPP)
        if ef is None:
            raise LayoutError("the application has no file 0017")
        ef.content = content

    @property
    def log(self) -> bytes:
        """File 0018, newest first."""
        return self._content(SFI_LOG)

    @property
    def public(self) -> bytes:
        return self._content(SFI_PUBLIC)

    @property
    def holder(self) -> bytes:
        return self._content(SFI_HOLDER)

    @property
    def aid(self) -> bytes:
        return self.application.name

    @property
    def keys(self) -> CardKeys:
        """DPKs, DLKs and the DTK."""
        tac = next(self.application.slots(KeyKind.TAC), None)
        if tac is None:
            raise LayoutError("the application has no TAC key")
        return CardKeys(self._money(KeyKind.PURCHASE), self._money(KeyKind.LOAD), tac.key)

    def encode(self) -> bytes:
        return self.card.encode()

    def _money(self, kind: KeyKind) -> tuple[CardKey, ...]:
        return tuple(
            CardKey(slot.key_id, slot.first, slot.key, slot.second) for slot in self.application.slots(kind)
        )  # fmt: skip

    def _content(self, sfi: int) -> bytes:
        ef = self.application.by_sfi(sfi)
        return b"" if ef is None else ef.content


def open_card_image(raw: bytes) -> Card:
    """A card of format 2 or 1; its directories may still be closed. LayoutError for anything else."""
    return open_card_v1(raw) if raw[:2] == CARD_V1_MARK else decode_card(raw)


def decode_card_image(raw: bytes, aid: bytes | None = None) -> CardImage:
    """The whole card, all directories opened; LayoutError for another version, a torn or damaged image.

    aid: the application to look into, None: the first that has an EP. Without it `purse` is None.
    """
    card = open_card_image(raw)
    for stored in card.directories:
        stored.open()
    return CardImage(card, aid)


# --- makers --------------------------------------------------------------------------------------------------------


def blank_card_image(transport: Key | None = None, *, auth_id: bytes = b"") -> bytes:
    """A card with an MF and a transport key (number 00), or none: then anybody may issue it.

    Under the transport key it may be erased; under the control key that takes its place never again.
    """
    if transport is None:
        mf = new_mf(right=FREE)
        mf.key_add, mf.key_space = None, 0
    else:
        mf = new_mf(right=NEEDS_ISSUER)
        mf.erase = NEEDS_TRANSPORT
        mf.put(transport_slot(transport))
    return _sealed(new_card([], mf, _auth_id(auth_id)))


def new_card_image(
    profile: CardProfile,
    public: PublicData,
    keys: CardKeys,
    *,
    opening_balance_fen: int = 0,
    holder: bytes = bytes(HOLDER_SIZE),
    ceiling_fen: int = CEILING_FEN,
) -> bytes:
    """A personalised card with one EP and its opening balance; LayoutError when something does not fit."""
    return personalised_card_image(
        [Application(profile, public, keys, opening_balance_fen, ceiling_fen, holder=holder)]
    )  # fmt: skip


def personalised_card_image(
    applications: Sequence[Application],
    *,
    card_public: bytes = b"",
    control: Key | None = None,
    maintenance: Key | None = None,
    auth_id: bytes = b"",
) -> bytes:
    """A card with these applications; `card_public` is file 0005 of the MF, the keys are the MF's own."""
    mf = new_mf(files=(binary(SFI_CARD_PUBLIC, card_public),) if card_public else ())
    _add_keepers(mf, ((KeyKind.CONTROL, control), (KeyKind.MAINTENANCE, maintenance)))
    return _sealed(new_card([_directory(one) for one in applications], mf, _auth_id(auth_id)))


def _directory(one: Application) -> Directory:
    if not 0 <= one.opening_balance_fen <= one.ceiling_fen <= _MONEY_MAX:
        raise LayoutError("opening balance or ceiling out of bounds")
    if not 0 < len(one.holder) <= _FIELD_MAX or len(one.home) != 2:
        raise LayoutError("a holder file of 1 to 255 bytes, a home of 2")
    public = encode_public(one.profile.form, one.public)
    logs = (SFI_LOAD_LOG, SFI_AWAY_LOG) if one.split_logs else ()
    fid = one.fid if one.profile.fid is None else one.profile.fid
    name = one.profile.aid or fid.to_bytes(2, "big")  # every directory has a name, selected by it or not
    directory = new_directory(
        name, public, one.holder, one.records, tuple(_purses(one)), fid=fid, more_logs=logs,
        capp_sfi=one.profile.capp_file,
    )  # fmt: skip
    _add_keys(directory, one)
    return directory


def _purses(one: Application) -> Iterable[Purse]:
    options = purse_options(one.profile, ep_unload=one.ep_unload, zero_plain=one.zero_plain)
    purses = [new_purse(EP, one.ceiling_fen, options, balance_fen=one.opening_balance_fen)]
    if one.ed_ceiling_fen is not None:
        purses.append(new_purse(ED, one.ed_ceiling_fen, options, use=NEEDS_PIN if one.keys.pin else FREE))
    for purse in purses if one.split_logs else ():
        purse.load_log, purse.away_log, purse.home = SFI_LOAD_LOG, SFI_AWAY_LOG, one.home
    return purses


def operator_card_image(public: PublicData, key: CardKey) -> bytes:
    """A supervisor's operator card 主管卡: it says who it is and enciphers a challenge; no purse is on it."""
    directory = new_directory(
        AID_OPERATOR, encode_public(PublicForm.CITY, public), bytes(HOLDER_SIZE), (), (), fid=FID_OPERATOR
    )  # fmt: skip
    directory.put(internal_slot(key.version, _two_key(key.key)))
    return _sealed(new_card([directory], new_mf()))


def purse_options(profile: CardProfile, *, ep_unload: bool, zero_plain: bool = True) -> int:
    """The options byte of a purse of this profile (PurseOption)."""
    options = profile.log_number.value | profile.prove_number.value << 1 | profile.prove_order.value << 2
    options |= PurseOption.AUTH_ID if profile.auth_id_in_mac1 else 0
    options |= PurseOption.EP_UNLOAD if ep_unload else 0
    return options | (0 if zero_plain else PurseOption.NO_ZERO)


def _add_keys(directory: Directory, one: Application) -> None:
    keys = one.keys
    load_use = NEEDS_PIN if one.pin_for_load and keys.pin else FREE
    groups = (
        (KeyKind.PURCHASE, keys.purchase, FREE), (KeyKind.LOAD, keys.load, load_use),
        (KeyKind.UNLOAD, keys.unload, load_use), (KeyKind.OVERDRAFT, keys.overdraft, FREE),
        (KeyKind.TAC, (CardKey(0, 1, keys.tac), *keys.more_tac), FREE),
    )  # fmt: skip
    for kind, group, use in groups:
        if len(group) > KEYS_MAX:
            raise LayoutError(f"at most {KEYS_MAX} keys of a kind")
        for key in group:
            directory.put(money_slot(kind, key.key_id, key.version, _two_key(key.key), key.selector, use=use))
    keepers = (
        (KeyKind.CONTROL, keys.control), (KeyKind.MAINTENANCE, keys.maintenance),
        (KeyKind.PIN_UNBLOCK, keys.pin_unblock), (KeyKind.PIN_RELOAD, keys.pin_reload),
    )  # fmt: skip
    _add_keepers(directory, keepers)
    if keys.internal_auth is not None:
        directory.put(internal_slot(keys.internal_auth.version, _two_key(keys.internal_auth.key)))
    if keys.pin:
        directory.put(pin_slot(keys.pin))


def _add_keepers(directory: Directory, keepers: Iterable[tuple[KeyKind, Key | None]]) -> None:
    """The issuer's own keys; with a control key, whoever proves it may create files and add keys."""
    for kind, key in keepers:
        if key is None:
            continue
        directory.put(keeper_slot(kind, _two_key(key), STATE_ISSUER))
        if kind == KeyKind.CONTROL:
            directory.create = directory.key_add = NEEDS_ISSUER


def _sealed(card: Card) -> bytes:
    raw = card.encode()
    if card.allotted > CARD_SPACE:
        raise LayoutError("the card has not that much room")
    return raw


def _two_key(key: Key) -> Key:
    if len(key.octets) != 16:
        raise LayoutError("card and PSAM keys have 16 bytes")
    return key


def _auth_id(auth_id: bytes) -> bytes:
    if len(auth_id) not in (0, AUTH_ID_SIZE):
        raise LayoutError(f"an authentication id has {AUTH_ID_SIZE} bytes")
    return auth_id
