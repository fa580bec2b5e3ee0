"""How a line of a part stands in its log: plain, or a JSON object a line for programs. Pure.

What must not lie in a file is taken out, whichever part has said it: one-time links, passwords in addresses, and what
looks like a card's number, of which the last four signs stay.
"""

import json
import re
from collections.abc import Callable
from enum import StrEnum

_LINK = re.compile(r"(/first-login/)\S+")
_LOGIN = re.compile(r"(://[^/\s:@]*:)[^@\s/]+@")
_SECRET = re.compile(r"(?i)\b((?:password|passwd|token|secret|pin)\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|\S+)")
_CARD = re.compile(r"(?<![0-9A-Za-z])(?:[0-9]{12,16}|[0-9A-Fa-f]{16})([0-9A-Fa-f]{4})(?![0-9A-Za-z])")
"""16 to 20 digits, or the 10 bytes of a card in hex."""
_KINDS = ("READY", "HEALTH", "FAULT")


class Form(StrEnum):
    """--log."""

    PLAIN = "plain"
    JSON = "json"


def cleaned(line: str) -> str:
    """Without what must not lie in a file."""
    for pattern, left in ((_LINK, r"\1…"), (_LOGIN, r"\1…@"), (_SECRET, r"\1…"), (_CARD, r"…\1")):
        line = pattern.sub(left, line)
    return line


def plain(line: str, _part: str, _at: str) -> str:
    """As it was said."""
    return cleaned(line)


def as_json(line: str, part: str, at: str) -> str:
    """at: when it was heard, ISO 8601. kind: the first word of a line that has one, else `line`."""
    word = line.partition(" ")[0]
    kind = word.lower() if word in _KINDS else "line"
    return json.dumps({"at": at, "part": part, "kind": kind, "text": cleaned(line)}, ensure_ascii=False)


FORMS: dict[Form, Callable[[str, str, str], str]] = {Form.PLAIN: plain, Form.JSON: as_json}
