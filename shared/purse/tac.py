"""Batch TAC check on the host side: fixed 41-byte items in, one verdict byte each out.

Item: card id 10 (issuer 2 + serial 8) | key version 1 | algorithm 1 | input length 1 | TAC input, zero-padded to 24
| TAC 4. One level of diversification by the card's serial under the issuer's TAC master of that version. What a
terminal has signed is asked in the same form: algorithm TERMINAL, its device id in the place of the card's; and what a
card has said of a void: OPERATOR, WITNESS. It never guesses: what it has no key for, or a key of another cipher, is
said to be unknown, not wrong.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import IntEnum
from functools import partial
from hmac import compare_digest
from struct import Struct

from shared.purse.crypto import Key, Suite, diversify_many, is_supported, suite_of, tac_calculator
from shared.purse.errors import LayoutError

ITEM_SIZE = 41
INPUT_MAX = 24
TERMINAL = 0xF0
"""Of no card: the item asks for the MAC of a terminal (shared.keys.terminal_mac)."""
OPERATOR = 0xF1
"""Of an operator card 主管卡: the item asks for what it made of a void's challenge (challenge_of)."""
WITNESS = 0xF2
"""The same of a card that pays, under its key of internal authentication."""
CHALLENGE_SIZE = 8
"""A card that stands for a void enciphers so many bytes (INTERNAL AUTHENTICATE), of which MAC_SIZE go into the record.

Two voids of the same challenge can be made by whoever makes both and has time: still one void a tap, and the bounds of
a day hold (shared.keys.void_bounds).
"""
MAC_SIZE = 4
_VOID_LABEL = b"openykt void v2\0"
SIGNERS = frozenset((TERMINAL, OPERATOR, WITNESS))
WARM_CARDS = 32_768
"""Derived keys kept; at the bound the card that was not seen for longest is derived again when it returns."""

_ITEM = Struct(">11sBB24s4s")
"""Card id and key version, by which cards are looked up; algorithm; size of the input; input; TAC."""
_ISSUER = 2
_Calculator = tuple[Suite, Callable[[bytes], bytes]]
"""The suite of a card's TAC key and its MAC."""
_DEVICE_SIZE = 6
TerminalMac = Callable[[int, bytes, bytes], bytes | None]
"""Key version, device id and 24 bytes of input → the MAC; None where there is no such key."""
CardMac = Callable[[int, bytes, bytes], bytes | None]
"""Key version, 10-byte card id and challenge → its MAC; None where there is no such key."""
CardKeys = Callable[[Sequence[bytes]], list[Key]]
"""The TAC keys of cards by their 8-byte serials, in their order."""
_NO_CARDS: Mapping[int, CardMac] = {}


class TacVerdict(IntEnum):
    """One byte of the answer."""

    OK = 0
    WRONG = 1
    UNKNOWN_KEY = 2
    UNKNOWN_ALGORITHM = 3


def tac_item(card_id: bytes, key_version: int, algorithm: int, tac_input: bytes, tac: bytes) -> bytes:
    """The 41 bytes of one question; LayoutError when a field does not fit."""
    if len(card_id) != 10 or not 0 < len(tac_input) <= INPUT_MAX or len(tac) != 4:
        raise LayoutError("a TAC item has a 10-byte card, 1 to 24 input bytes and a 4-byte TAC")
    return _ITEM.pack(card_id + bytes((key_version,)), algorithm, len(tac_input), tac_input, tac)


def terminal_item(device: bytes, key_version: int, covered: bytes, mac: bytes) -> bytes:
    """The 41 bytes that ask whether this terminal made this MAC; covered: shared.keys.terminal_mac.mac_input."""
    return tac_item(device.ljust(10, b"\0"), key_version, TERMINAL, covered, mac)


def challenge_of(before_mac: bytes) -> bytes:
    """8 bytes that stand for the stored bytes of a void before the card's MAC: whose it is, and under which number."""
    return hashlib.sha256(_VOID_LABEL + before_mac).digest()[:CHALLENGE_SIZE]


def mac_of(answer: bytes) -> bytes:
    """4 bytes of what the card made of a challenge."""
    return answer[:MAC_SIZE]


def witness_item(algorithm: int, card_id: bytes, key_version: int, challenge: bytes, mac: bytes) -> bytes:
    """The 41 bytes that ask whether this card made this MAC; algorithm: OPERATOR or WITNESS."""
    return tac_item(card_id, key_version, algorithm, challenge, mac)


class TacChecker:
    """Asks TAC masters by (2-byte issuer, key version), keeps a bounded cache of warm card keys. Not thread-safe.

    A master is a key, or what gives the card keys to serials where the key itself stands elsewhere. terminals,
    cards: who signs without a TAC, by algorithm; what is not there is not known here.
    """

    def __init__(
        self,
        masters: Mapping[tuple[bytes, int], Key | CardKeys],
        warm_cards: int = WARM_CARDS,
        terminals: TerminalMac | None = None,
        cards: Mapping[int, CardMac] = _NO_CARDS,
    ) -> None:
        self._terminals = terminals
        self._cards = cards
        self._masters = {
            name: partial(diversify_many, master) if isinstance(master, Key) else master
            for name, master in masters.items()
        }
        self._warm_cards = warm_cards
        self._warm: OrderedDict[bytes, _Calculator] = OrderedDict()

    def check(self, items: bytes) -> bytes:
        """One TacVerdict byte per item, in order; LayoutError if the length is no multiple of ITEM_SIZE."""
        if len(items) % ITEM_SIZE:
            raise LayoutError("TAC items are 41 bytes each")
        questions = list(_ITEM.iter_unpack(items))
        fresh = self._derive({question[0] for question in questions if question[1] not in SIGNERS})
        verdicts = bytes(self._verdicts(questions, fresh))
        self._keep(fresh)
        return verdicts

    def _verdicts(
        self, questions: list[tuple[bytes, int, int, bytes, bytes]], fresh: dict[bytes, _Calculator]
    ) -> Iterator[int]:
        warm = self._warm
        for card, algorithm, size, padded, answer in questions:
            if not is_supported(algorithm):
                yield self._of_signer(algorithm, card, padded[:size], answer)
                continue
            found = warm.get(card)
            if found is None:
                found = fresh.get(card)
            else:
                warm.move_to_end(card)
            if found is None or found[0] is not suite_of(algorithm):
                yield TacVerdict.UNKNOWN_KEY
            elif 0 < size <= INPUT_MAX and found[1](padded[:size]) == answer:
                yield TacVerdict.OK
            else:
                yield TacVerdict.WRONG

    def _of_signer(self, algorithm: int, name: bytes, covered: bytes, answer: bytes) -> TacVerdict:
        if algorithm not in SIGNERS:
            return TacVerdict.UNKNOWN_ALGORITHM
        if algorithm == TERMINAL:
            made = None if self._terminals is None else self._terminals(name[10], name[:_DEVICE_SIZE], covered)
        else:
            card = self._cards.get(algorithm)
            made = None if card is None else card(name[10], name[:10], covered)
        if made is None:
            return TacVerdict.UNKNOWN_KEY
        return TacVerdict.OK if compare_digest(made, answer) else TacVerdict.WRONG

    def _derive(self, cards: set[bytes]) -> dict[bytes, _Calculator]:
        """Calculators of the cards that are not warm yet, one cipher pass per master."""
        cold: dict[tuple[bytes, int], list[bytes]] = {}
        for card in cards:
            if card not in self._warm:
                cold.setdefault((card[:_ISSUER], card[10]), []).append(card)
        fresh: dict[bytes, _Calculator] = {}
        for name, members in cold.items():
            master = self._masters.get(name)
            if master is not None:
                keys = master([card[_ISSUER:10] for card in members])
                fresh.update((card, (key.suite, tac_calculator(key))) for card, key in zip(members, keys, strict=True))
        return fresh

    def _keep(self, fresh: dict[bytes, _Calculator]) -> None:
        self._warm.update(fresh)
        while len(self._warm) > self._warm_cards:
            self._warm.popitem(last=False)
