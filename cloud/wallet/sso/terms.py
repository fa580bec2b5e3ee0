"""What a campus sign-on is to the wallet: an address to go to, and what comes back said of whom. Pure."""

from typing import NamedTuple, Protocol

from shared.errors import YktError
from shared.words.voice import Text

CODE_MAX = 2_048
"""Of what a sign-on hands to the phone: OpenID Connect's codes, CAS' tickets."""
SUBJECT_MAX, NUMBER_MAX = 255, 32


class SsoFault(YktError):
    """Happens when the sign-on gave no answer that can be believed. For the log: no code, token or name in it."""


class Begun(NamedTuple):
    """One sign-on under way. state: tells it from others; nonce, verifier: for it alone, and secret."""

    state: str
    nonce: str
    verifier: str


class Asserted(NamedTuple):
    """Who somebody is: its own name for him, which never changes; his number on the roster, and the phone by which the
    roster has him as a guardian: each '' where it is not said."""

    subject: str
    number: str
    guardian: str = ""


class SignOn(Protocol):
    """One provider. Both calls may wait for it, at most some seconds; both raise SsoFault."""

    name: str
    label: Text

    def begin(self, begun: Begun, home: str) -> str:
        """Where the phone goes now. home: the wallet's address, to which it comes back."""

    def asserted(self, begun: Begun, home: str, code: str, now_s: int) -> Asserted:
        """Whom the provider says this code is of."""
