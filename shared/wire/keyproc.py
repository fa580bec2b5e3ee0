"""What may be asked of the key process: operations, not keys (DESIGN 10).

A local stream socket carries 4-byte big-endian length + CBOR. Request [op, *arguments]; answer [True, result]
or [False, reason]. The reason never names key material.
"""

import struct
from enum import StrEnum

LENGTH = struct.Struct(">I")
FRAME_MAX = 1 << 20
"""Largest request or answer; larger closes the connection."""


class Op(StrEnum):
    """Operations.

    TAC: [items] → verdict bytes, one per 41-byte item of shared.purse.tac.
    LOAD_CHECK: [LoadAuth fields] → bool: is MAC1 the card's?
    LOAD_MAC2: [LoadAuth fields, host time s since 2000] → 4-byte MAC2, only if MAC1 is right.
    """

    TAC = "tac"
    LOAD_CHECK = "load-check"
    LOAD_MAC2 = "load-mac2"
