"""Random characters as they stand on paper and people type them: no look-alikes, a check character at the end. Pure.

Five bits of each random byte make one character of 32. A mistyped text is refused before anybody looks at what it
opens, so that it costs no try.
"""

from shared.errors import WireFault
from shared.words.voice import Text

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without I, L, O and U, which paper and people confuse; typed, they are what they look like."""
_LOOKS_LIKE = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None, "\t": None})
MISTYPED = Text("抄错了：逐字再看一遍纸上", "not as it is on paper: look at each character again")


def written(drawn: bytes, group: int) -> str:
    """These random bytes and a check character, in groups of so many."""
    text = "".join(ALPHABET[one & 31] for one in drawn)
    text += _check(text)
    return "-".join(text[at : at + group] for at in range(0, len(text), group))


def typed(text: str, drawn: int) -> str:
    """As `written` had it of so many bytes, whatever groups, case and look-alikes somebody typed. WireFault: a
    character is wrong."""
    plain = text.upper().translate(_LOOKS_LIKE).strip()
    if len(plain) != drawn + 1 or set(plain) - set(ALPHABET) or _check(plain[:-1]) != plain[-1]:
        raise WireFault(MISTYPED)
    return plain


def _check(text: str) -> str:
    """Sees any one wrong character, and nearly every two that were swapped."""
    return ALPHABET[sum((2 * at + 1) * ALPHABET.index(one) for at, one in enumerate(text)) % 32]
