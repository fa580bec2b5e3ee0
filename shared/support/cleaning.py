"""What must not lie in a log, a bundle or a sentence, by its shape: one-time links, passwords, card numbers. Pure.

Of a card's number the last four signs stay. Secrets that are known by their letters: sweeping.py.
"""

import re

_LINK = re.compile(r"(/first-login/|\blink[:=])[^\s\"']+")
_LOGIN = re.compile(r"(://[^/\s:@]*:)[^@\s/]+@")
_SECRET = re.compile(r"(?i)\b((?:password|passwd|token|secret|pin)\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|\S+)")
_CARD = re.compile(r"(?<![0-9A-Za-z])(?:[0-9]{12,16}|[0-9A-Fa-f]{16})([0-9A-Fa-f]{4})(?![0-9A-Za-z])")
"""16 to 20 digits, or the 10 bytes of a card in hex."""


def cleaned(line: str) -> str:
    """Without what must not lie in a file."""
    for pattern, left in ((_LINK, r"\1…"), (_LOGIN, r"\1…@"), (_SECRET, r"\1…"), (_CARD, r"…\1")):
        line = pattern.sub(left, line)
    return line
