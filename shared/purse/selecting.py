"""Which application a card has, and of which kind the card is: our own, or one that is agreed with its issuer."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from shared.purse import commands
from shared.purse.apdu import ResponseApdu, Sw
from shared.purse.effects import CardFlow, ToCard
from shared.purse.files import PublicForm, name_from_fci, public_from_fci, public_size
from shared.purse.outcomes import Rejected
from shared.purse.profiles import APPLICATION_MAIN, Agreed, CardProfile
from shared.purse.reasons import Reason

SELECT_BLOCKED = frozenset((Sw.APP_BLOCKED, Sw.KEY_CHECKSUM, Sw.LOCKED_FOR_EVER))
"""What a SELECT says of an application that is not to be used: 6A81 of PBOC, 6283 of ISO 7816-4, 9303 for ever."""
KNOWN_CHOICES = 64
"""Lists of kinds kept, one per profile and agreement; a pure function of both, so the bound costs time only."""
_ANY_ISSUER = b""
_answer = ResponseApdu.of_any


def select(profile: CardProfile) -> bytes:
    """The SELECT of this kind of card: by file id or by name."""
    return commands.select_name(profile.aid) if profile.fid is None else commands.select_file(profile.fid)


Found = tuple[CardProfile, bytes]
"""A kind of card, and the file 0015 of the one that was selected as such."""


class _Choice(NamedTuple):
    """One application: its SELECT, the kind that it is asked for as, and all kinds that it may be of, ours last."""

    select: bytes
    profile: CardProfile
    kinds: tuple[Agreed, ...]
    is_ours: bool


@lru_cache(maxsize=KNOWN_CHOICES)
def _choices(profile: CardProfile, agreed: tuple[Agreed, ...]) -> tuple[_Choice, ...]:
    """The applications that a card is asked for, our own first."""
    ours = select(profile)
    kinds: dict[bytes, list[Agreed]] = {ours: []}
    for one in agreed:
        kinds.setdefault(select(one.profile), []).append(one)
    kinds[ours].append(Agreed(profile, _ANY_ISSUER))
    return tuple(
        _Choice(asked, profile if asked == ours else here[0].profile, tuple(here), asked == ours)
        for asked, here in kinds.items()
    )


def select_one(profile: CardProfile, agreed: tuple[Agreed, ...]) -> CardFlow[Found | Rejected]:
    """The applications one after the other, our own first, until the card has one (ISO 7816-4 7.1.1)."""
    refused: Rejected | None = None
    for choice in _choices(profile, agreed):
        selected = _answer((yield ToCard(choice.select)))
        if selected.sw in SELECT_BLOCKED:
            return Rejected(Reason.CARD_BLOCKED, selected.sw)
        if selected.sw == Sw.OK and is_application(choice.profile, selected.data):
            return (yield from _kind_of(choice, selected.data))
        refused = refused or Rejected(Reason.FOREIGN_CARD, selected.sw)
    return refused or Rejected(Reason.FOREIGN_CARD)


def is_application(profile: CardProfile, fci: bytes) -> bool:
    """Whether it is the application that was asked for. Cards of one application answer other names with it, too.

    An FCI without a name is believed of a main application alone: no second purse is guessed from it.
    """
    if profile.fid is not None:
        return True
    name = name_from_fci(fci)
    return profile.application == APPLICATION_MAIN if name is None else name.startswith(profile.aid)


def _kind_of(choice: _Choice, fci: bytes) -> CardFlow[Found | Rejected]:
    """One application may be of several kinds, whose files 0015 look alike: then the issuer says which."""
    read: dict[int, ResponseApdu] = {}
    for one in choice.kinds:
        size = public_size(one.profile.form)
        if size not in read:
            read[size] = yield from public_file(one.profile.form, fci)
        if read[size].sw == Sw.OK and read[size].data.startswith(one.issuer):
            return one.profile, read[size].data
    return Rejected(Reason.CARD_DATA, read[size].sw) if choice.is_ours else Rejected(Reason.FOREIGN_CARD)


def public_file(form: PublicForm, fci: bytes) -> CardFlow[ResponseApdu]:
    """File 0015 of the application whose SELECT answered this: out of its FCI when it is there, else it is read."""
    inside = public_from_fci(fci)
    if inside is not None and len(inside) == public_size(form):
        return ResponseApdu(inside, Sw.OK)
    return _answer((yield ToCard(commands.read_binary(commands.SFI_PUBLIC, public_size(form)))))
