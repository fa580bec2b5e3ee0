"""Offline pay codes: bytes that are frozen, two signatures that each count, digits that a scanner types."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from shared.ids import CardId
from shared.keys import offline_code as oc
from shared.keys.offline_code import Certificate, Code, CodeFault, Phone, Use

SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = SIGNER.public_key().public_bytes_raw()
KEY = ec.derive_private_key(0x5EED, ec.SECP256R1())
CARD = CardId(bytes.fromhex("00010000000000004711"))


def point(key: ec.EllipticCurvePrivateKey) -> bytes:
    numbers = key.public_key().public_numbers()
    return bytes((2 + numbers.y % 2,)) + numbers.x.to_bytes(32, "big")


PHONE = Phone(1, 1, 77, CARD, 2, point(KEY), 800_000_000, 800_086_400, 2, 30_00)
CERTIFICATE = oc.certify_phone(PHONE, SIGNER)
USE = Use(1, 800_001_000, b"nonc")


def code(use: Use = USE, certificate: Certificate = CERTIFICATE, key: ec.EllipticCurvePrivateKey = KEY) -> Code:
    return Code(certificate, use, oc.sign_use(certificate.phone.number, use, key))


def believed(found: Code) -> tuple[bool, bool]:
    phone = found.certificate.phone
    return (
        oc.is_certified_phone(found.certificate, PUBLIC),
        oc.is_signed_use(phone.public, phone.number, found.use, found.signature),
    )


def test_a_code_comes_back_from_its_digits_and_both_signatures_count() -> None:
    made = code()
    found = oc.code_of_digits(oc.code_digits(made))
    assert (found, believed(found)) == (made, (True, True))


def test_the_digits_fit_the_code_that_a_cheap_scanner_reads() -> None:
    digits = oc.code_digits(code())
    assert (len(digits), digits[:2], digits.isdigit()) == (oc.CODE_DIGITS, "80", True)
    assert oc.CODE_DIGITS <= 513, "numeric capacity of version 10 at M (ISO/IEC 18004)"


def test_bytes_are_frozen() -> None:
    assert PHONE.encode().hex() == (
        "01" "0001" "01" "0000004d" "00010000000000004711" "02"
        + PHONE.public.hex() + "2faf0800" "2fb05980" "02" "00000bb8"
    )  # fmt: skip
    assert oc.code_covered(77, USE) == b"openykt offline code v1\0" + bytes.fromhex("0000004d01") + (
        800_001_000
    ).to_bytes(4, "big") + b"nonc"
    assert (oc.CERTIFICATE_SIZE, oc.CODE_SIZE) == (129, 202)


@given(at=st.integers(0, oc.CODE_SIZE - 1), bit=st.integers(0, 7))
def test_no_bit_of_a_code_can_be_another(at: int, bit: int) -> None:
    raw = bytearray(code().encode())
    raw[at] ^= 1 << bit
    try:
        found = oc.decode_code(bytes(raw))
    except CodeFault:
        return
    assert believed(found) != (True, True)


def test_another_phone_cannot_show_a_certificate_that_it_saw() -> None:
    assert believed(code(key=ec.derive_private_key(0xBAD, ec.SECP256R1()))) == (True, False)


def test_another_campus_key_certifies_nobody_here() -> None:
    other = oc.certify_phone(PHONE, Ed25519PrivateKey.from_private_bytes(bytes(32)))
    assert believed(code(certificate=other)) == (False, True)


@pytest.mark.parametrize(
    "phone",
    [
        PHONE._replace(number=0),
        PHONE._replace(uses=3),
        PHONE._replace(uses=0),
        PHONE._replace(one_fen=30_01),
        PHONE._replace(one_fen=0),
        PHONE._replace(until_s=PHONE.from_s),
        PHONE._replace(until_s=PHONE.from_s + oc.VALID_MAX_S + 1),
        PHONE._replace(public=bytes(33)),
    ],
)
def test_what_no_campus_may_allow_is_no_certificate(phone: Phone) -> None:
    with pytest.raises(CodeFault):
        oc.certify_phone(phone, SIGNER)
    with pytest.raises(CodeFault):
        oc.decode_certificate(phone.encode() + bytes(64))


@pytest.mark.parametrize("use", [0, 3])
def test_a_use_that_the_certificate_does_not_have_is_none(use: int) -> None:
    with pytest.raises(CodeFault, match="use"):
        oc.decode_code(code(Use(use, 800_001_000, b"nonc")).encode())


@given(st.text(max_size=600))
def test_what_is_typed_is_a_code_or_a_fault(text: str) -> None:
    with pytest.raises(CodeFault):
        oc.code_of_digits(text)


@given(st.integers(0, 10**487 - 1))
def test_digits_are_a_code_or_a_fault(number: int) -> None:
    with pytest.raises(CodeFault):
        oc.code_of_digits(oc.PREFIX + str(number).zfill(oc.CODE_DIGITS - 2)[-(oc.CODE_DIGITS - 2) :])


@given(st.binary(min_size=33, max_size=33), st.binary(min_size=64, max_size=64))
def test_a_point_or_a_signature_that_is_none_is_not_right(public: bytes, signature: bytes) -> None:
    assert not oc.is_signed_use(public, 77, USE, signature)
