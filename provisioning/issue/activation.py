"""What the desk does with a finished card: 领卡激活, enabling it before its holder. Sans-I/O; keys stay elsewhere.

The card is asked for a challenge, whoever holds DAMK protects the one command that sets byte 9 of file 0015, and the
card is read again. Refuses a card that is not the one on the list, is enabled already, or does not take the command.
"""

from collections.abc import Callable
from dataclasses import dataclass

from provisioning.issue.personalise_apdu import ENABLED, ENABLED_OFFSET
from shared.errors import ConfigFault
from shared.ids import CardId
from shared.purse import commands
from shared.purse.apdu import CardChannel, ResponseApdu, Sw, sw_text
from shared.purse.commands import SFI_PUBLIC
from shared.purse.files import PublicData, parse_public, public_size
from shared.purse.profiles import SUBSIDY, CardProfile, card_id_of
from shared.purse.upkeep import UpdateFile, UpkeepAsk
from shared.words.voice import Text, in_both

ENABLE = UpdateFile(SFI_PUBLIC, ENABLED_OFFSET, bytes((ENABLED,)))
"""The operation that a desk asks the key process to protect."""
Protect = Callable[[UpkeepAsk], bytes]
"""Gives the whole protected command; the key process does it, or a keeper in this process."""


class NotActivated(ConfigFault):
    """Happens when a card could not be enabled; it is as it was."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A card at the desk."""

    card: CardId
    public: PublicData

    @property
    def is_enabled(self) -> bool:
        return self.public.enabled == ENABLED


def look(card: CardChannel, profile: CardProfile) -> Seen:
    """Which card this is. NotActivated when it is none of the profile, CardLost."""
    _done(card, commands.select_name(profile.aid), Text("不是本校的卡", "not a card of ours"))
    size = public_size(profile.form)
    public = parse_public(profile.form, _done(card, commands.read_binary(SFI_PUBLIC, size), "0015"))
    return Seen(card_id_of(profile, public), public)


def activate(card: CardChannel, profile: CardProfile, wanted: CardId, protect: Protect) -> Seen:
    """Enable the card `wanted`; a card that is enabled already is a success. NotActivated, CardLost, KeyFault.

    Its subsidy application 补助 comes first, if it has one: a card whose main purse is enabled is enabled whole.
    """
    if look(card, profile).card != wanted:
        raise NotActivated(
            Text(f"卡不符：名单上是 {wanted.hex()}", f"another card than the list names: {wanted.hex()}")
        )
    if has_application(card, SUBSIDY):
        _enable(card, SUBSIDY, protect)
    return _enable(card, profile, protect)


def has_application(card: CardChannel, profile: CardProfile) -> bool:
    """Whether the card knows this name, served or not. CardLost."""
    return ResponseApdu.of_any(card.transmit(commands.select_name(profile.aid))).sw != Sw.FILE_NOT_FOUND


def _enable(card: CardChannel, profile: CardProfile, protect: Protect) -> Seen:
    seen = look(card, profile)
    if seen.is_enabled:
        return seen
    challenge = _done(card, commands.get_challenge(), Text("取随机数", "challenge"))
    _done(card, protect(UpkeepAsk(seen.card, challenge, ENABLE)), Text("启用", "enabling"))
    after = look(card, profile)
    if not after.is_enabled:
        raise NotActivated(Text("卡未启用", "the card is still not enabled"))
    return after


def _done(card: CardChannel, apdu: bytes, what: str | Text) -> bytes:
    answer = ResponseApdu.of_any(card.transmit(apdu))
    if answer.sw != Sw.OK:
        why = sw_text(answer.sw)
        of = in_both(what)
        raise NotActivated(Text(f"{of.zh}：{answer.sw:04X} {why.zh}", f"{of.en}: {answer.sw:04X} {why.en}"))
    return answer.data
