"""Sealed to one key under one secret: nobody else reads it, nobody else makes one."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from shared.errors import WireFault
from shared.keys.sealed_to import open_sealed, seal_to

KEY, OTHER = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))


def test_it_opens_for_whom_it_was_sealed() -> None:
    assert open_sealed(KEY, b"secret", seal_to(KEY.public_key(), b"secret", b"plain")) == b"plain"


def test_another_key_another_secret_and_changed_bytes_open_nothing() -> None:
    sealed = seal_to(KEY.public_key(), b"secret", b"plain")
    for key, secret, raw in (
        (OTHER, b"secret", sealed), (KEY, b"other", sealed), (KEY, b"secret", sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (KEY, b"secret", b""), (KEY, b"secret", b"\x04" + bytes(80)),
    ):  # fmt: skip
        with pytest.raises(WireFault):
            open_sealed(key, secret, raw)


def test_each_seal_is_another() -> None:
    assert seal_to(KEY.public_key(), b"s", b"p") != seal_to(KEY.public_key(), b"s", b"p")
