"""How a line of a part stands in its log: plain, or a JSON object a line for programs. Pure.

What must not lie in a file is taken out, whichever part has said it.
"""

import json
from collections.abc import Callable
from enum import StrEnum

from shared.support.cleaning import cleaned

_KINDS = ("READY", "HEALTH", "FAULT")


class Form(StrEnum):
    """--log."""

    PLAIN = "plain"
    JSON = "json"


def plain(line: str, _part: str, _at: str) -> str:
    """As it was said."""
    return cleaned(line)


def as_json(line: str, part: str, at: str) -> str:
    """at: when it was heard, ISO 8601. kind: the first word of a line that has one, else `line`."""
    word = line.partition(" ")[0]
    kind = word.lower() if word in _KINDS else "line"
    return json.dumps({"at": at, "part": part, "kind": kind, "text": cleaned(line)}, ensure_ascii=False)


FORMS: dict[Form, Callable[[str, str, str], str]] = {Form.PLAIN: plain, Form.JSON: as_json}
