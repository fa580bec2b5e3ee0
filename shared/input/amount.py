"""Money as people type it: in yuan, by one rule at every command, screen and file. Inside it is integer fen 分.

Never guesses: what is not an amount is refused, with what was probably meant, as it is to be typed.
"""

import argparse
import re
import unicodedata
from collections.abc import Iterator

from shared.errors import WireFault
from shared.money import Fen, fen, yuan
from shared.words.voice import Text

AMOUNT_HELP = Text("12.50 · 12.5 · 12 · ¥12.50 · 12.50元 · 1,234.50", "12.50 · 12.5 · 12 · ¥12.50 · 1,234.50")
_ZERO = Text("金额不能为零", "the amount is zero")
_SIGNS = re.compile(r"^¥?￥?|元$")
_THOUSANDS = re.compile(r"[¥￥]?\s*\d{1,3}(,\d{3})+(\.\d{1,2})?元?", re.ASCII)
_POINTS = str.maketrans(dict.fromkeys(",，。．、'", "."))
_SHOWN = 20


def parse_yuan(text: str) -> Fen:
    """Fen of a decimal amount in yuan: '12', '12.5', '12.50', with an optional ¥ or 元; else WireFault."""
    plain = _SIGNS.sub("", text.strip()).strip()
    whole, _, part = plain.partition(".")
    digits = (whole or "0") + part.ljust(2, "0")
    if not (whole or part) or len(part) > 2 or len(digits) > 10 or not (digits.isascii() and digits.isdigit()):
        raise WireFault(Text(f"金额看不懂 {text[:_SHOWN]!r}", f"not an amount in yuan: {text[:_SHOWN]!r}"))
    return fen(int(digits))


def parse_amount(cell: str) -> Fen:
    """Fen of a sum in one of the forms of AMOUNT_HELP; WireFault otherwise, and for zero."""
    amount = _in_any_form(cell)
    if not amount:
        raise WireFault(_ZERO)
    return amount


def meant_fen(text: str) -> Fen | None:
    """What an amount that was not understood probably means; None when nobody can tell."""
    return next((found for way in _ways(unicodedata.normalize("NFKC", text)) if (found := _fen(way)) is not None), None)


def typed_yuan(text: str) -> Fen:
    """Type of a command line's option; zero is a sum, too. argparse.ArgumentTypeError says what is meant."""
    try:
        return _in_any_form(text)
    except WireFault as fault:
        raise argparse.ArgumentTypeError(str(fault)) from fault


def typed_sum(text: str) -> Fen:
    """The same, of an option that moves money: above zero."""
    amount = typed_yuan(text)
    if not amount:
        raise argparse.ArgumentTypeError(str(_ZERO))
    return amount


def _in_any_form(text: str) -> Fen:
    plain = text.strip()
    if _THOUSANDS.fullmatch(plain):
        plain = plain.replace(",", "")
    try:
        return parse_yuan(plain)
    except WireFault as fault:
        meant = meant_fen(plain)
        likely = Text("应为元，如 12.50", "it is in yuan, as 12.50")
        if meant is not None:
            likely = Text(f"是不是 {yuan(meant)}？", f"did you mean {yuan(meant)}?")
        said = repr(plain[:_SHOWN])
        raise WireFault(Text(f"金额看不懂 {said}：{likely.zh}", f"unknown amount {said}: {likely.en}")) from fault


def _ways(text: str) -> Iterator[str]:
    """How people write amounts: another point, or something between thousands."""
    points = text.translate(_POINTS)
    yield points
    yield points.replace(".", "", points.count(".") - 1)
    if "." not in text:
        yield points.replace(".", "")


def _fen(text: str) -> Fen | None:
    try:
        return parse_yuan(text)
    except WireFault:
        return None
