"""Offline pay codes 脱机付款码 in the books: rule, certificate, its end, why one is refused. Values only."""

from enum import IntEnum, StrEnum
from typing import NamedTuple

from shared.errors import ConfigFault
from shared.facts.terms import word_of
from shared.ids import card_id
from shared.keys.offline_code import Phone
from shared.words.voice import Text


class CodeRule(NamedTuple):
    """What the school allows. uses: of a certificate, 0: switched off; one_fen: of a code; day_fen: of a business day
    at one terminal; bearer: who bears what no account pays, "" the school's own loss account."""

    uses: int = 0
    one_fen: int = 0
    day_fen: int = 0
    bearer: str = ""

    @property
    def is_on(self) -> bool:
        """Are certificates given out?"""
        return self.uses > 0


class EndWhy(IntEnum):
    """Why a certificate ended before its time. Frozen numbers: they stand in the books."""

    NEWER_PHONE = 1
    """Another phone of this card's holder took over."""
    LOST = 2
    """Card or phone was reported lost, or another card took its place."""
    TWICE = 3
    """One of its uses came from two terminals."""
    HOLDER = 4
    """Its holder's own word, in his wallet."""
    PERSON = 5
    """A person of the school, by command."""


END_TEXT = {
    EndWhy.NEWER_PHONE: Text("换用另一部手机", "another phone took over"),
    EndWhy.LOST: Text("卡已挂失或换卡", "the card was reported lost, or replaced"),
    EndWhy.TWICE: Text("同一次用了两次", "one of its uses was used twice"),
    EndWhy.HOLDER: Text("持卡人停用", "ended by its holder"),
    EndWhy.PERSON: Text("校方停用", "ended by the school"),
}


class Beyond(IntEnum):
    """Why the school bears all of what a terminal took by a code. Frozen numbers: they stand in the books. Words:
    shared/facts/terms.py."""

    NOTHING = 0
    TWICE = 1
    """Another record of the same use is in the books."""
    USES = 2
    """A use that its certificate does not have."""
    SUM = 3
    """More than a code may pay."""
    TIME = 4
    """Outside of its certificate's time."""
    ENDED = 5
    """Its certificate had ended."""
    LISTED = 6
    """Its card was on the hotlist."""

    @property
    def word(self) -> str:
        """As facts tell it."""
        return word_of(self.name)


class Against(StrEnum):
    """Why there is no certificate for a phone now. Frozen: front and back speak of it."""

    OFF = "off"
    NO_CARD = "no-card"
    HOTLISTED = "hotlisted"
    NO_FUNDS = "no-funds"
    BOUND = "bound"
    """Its uses are more than its holder lets the account pay on a day."""
    TOO_MANY = "too-many"
    """So many of this card's can still be shown; the oldest has to be over first."""
    DOUBTED = "doubted"
    """A code of this card was used twice: none until that certificate is over by its time."""
    KEY_REUSED = "key-reused"
    WRONG_KEY = "wrong-key"
    """The phone's public key is no compressed point of P-256."""
    NOT_HERE = "not-here"
    """This campus has no document key for it, or its accounts service no key process."""


AGAINST_TEXT = {
    Against.OFF: Text("学校未启用脱机付款码", "the school has not switched offline codes on"),
    Against.NO_CARD: Text("没有此卡", "no such card"),
    Against.HOTLISTED: Text("卡已挂失或停用", "the card is on the hotlist"),
    Against.NO_FUNDS: Text("电子账户余额不足以启用脱机付款码", "not enough in the online account for offline codes"),
    Against.BOUND: Text("自设每日限额低于脱机付款码之和", "your own bound of a day is below offline codes"),
    Against.TOO_MANY: Text("近三日启用次数过多，请稍后再试", "too many in three days: please try later"),
    Against.DOUBTED: Text("付款码曾用了两次，三日内不能启用", "a code was used twice: none for three days"),
    Against.KEY_REUSED: Text("幂等键已用于另一次请求", "this key was used for another request"),
    Against.WRONG_KEY: Text("手机公钥无效", "no key of a phone"),
    Against.NOT_HERE: Text("本校不能签发手机凭证", "this campus signs no certificates for phones"),
}


class OfflineRefused(ConfigFault):
    """Happens when a phone cannot have a certificate now. Nothing was changed. why: for programs; its text: people."""

    def __init__(self, why: Against) -> None:
        super().__init__(AGAINST_TEXT[why])
        self.why = why


class CertificateRow(NamedTuple):
    """A certificate as the books have it. signature: b"" until the key process has signed it. ended_why 0: it has not
    ended before its time; ended_s: when it has. Times in campus seconds."""

    number: int
    card: bytes
    card_class: int
    public: bytes
    key: str
    key_version: int
    from_s: int
    until_s: int
    uses: int
    one_fen: int
    made_ms: int
    signature: bytes = b""
    ended_why: int = 0
    ended_s: int = 0

    def phone(self, campus: int) -> Phone:
        """What the campus signs of it."""
        return Phone(
            campus, self.key_version, self.number, card_id(self.card), self.card_class, self.public,
            self.from_s, self.until_s, self.uses, self.one_fen,
        )  # fmt: skip

    def is_living(self, now_s: int) -> bool:
        """May it pay now, as far as the centre knows?"""
        return not self.ended_why and self.from_s <= now_s < self.until_s
