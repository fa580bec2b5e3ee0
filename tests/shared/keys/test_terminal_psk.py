"""The key of a terminal's TLS: frozen with a vector, and apart from everything else that K_term makes."""

import json
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from edge.link.seal import session_key
from shared.ids import DeviceId
from shared.keys.terminal_mac import terminal_mac
from shared.keys.terminal_psk import psk_identity, terminal_psk

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "terminal_psk.json").read_text())


def test_vectors() -> None:
    for one in VECTORS:
        key, device = bytes.fromhex(one["key"]), DeviceId(bytes.fromhex(one["device"]))
        assert (psk_identity(device), terminal_psk(key, device).hex()) == (one["identity"], one["psk"])


def test_it_is_the_cmac_of_its_label_and_the_number() -> None:
    """As somebody else's terminal would make it."""
    key, device = bytes(range(16)), DeviceId(bytes.fromhex("000100000002"))
    made = CMAC(AES(key))
    made.update(b"openykt tls psk v1\0" + device)
    assert terminal_psk(key, device) == made.finalize()


def test_nothing_else_of_k_term_is_it() -> None:
    key, device = bytes(range(16)), DeviceId(bytes.fromhex("000100000002"))
    others = {session_key(key, bytes(16), bytes(8), device), terminal_mac(key, bytes(24))}
    psk = terminal_psk(key, device)
    assert psk not in others
    assert all(psk[:4] != one[:4] for one in others)
    assert psk != terminal_psk(key, DeviceId(bytes.fromhex("000100000003")))
