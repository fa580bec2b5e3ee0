"""Numbers and keys: frozen values; the purse keys were recomputed with openssl (des-ede, ECB), K_term with hmac."""

import hashlib
import hmac
import os

import pytest

from provisioning.keys.levels import (
    CARD_MASTERS,
    MASTERS,
    CardKeySet,
    card_keys,
    new_root,
    operator_key,
    psam_control_key,
    region_of,
    school_of,
    terminal_key,
)
from provisioning.keys.store import KeyKind, KeyStore, Level, StoredKey, WrongKeyUse
from provisioning.plan import numbers
from shared.errors import KeyFault
from shared.ids import hotlist_index, issuer
from shared.purse.crypto import diversify

ROOT = KeyStore(
    Level.ROOT,
    0,
    tuple(
        StoredKey(kind, 1, bytes(range(at, at + 16))) for kind, at in zip(list(KeyKind)[:3], (0, 16, 32), strict=True)
    ),
)
PSAM = numbers.psam(258, 7)
SERIAL = numbers.card_serial(1, 258, 7)


def test_numbers_are_frozen() -> None:
    assert numbers.card(1, 258, 7).hex() == "01020001010200000007"
    assert numbers.device(258, 7).hex() == "010200000007"
    assert numbers.psam(258, 7).hex() == "010250000007"
    assert hotlist_index(numbers.card(1, 258, 7)) == 7
    assert issuer(numbers.card(1, 258, 7)) == numbers.issuer(258)


def test_devices_and_psams_are_one_register() -> None:
    devices = {numbers.device(1, n) for n in range(1, 10_001)}
    assert not devices & {numbers.psam(1, n) for n in range(1, 10_001)}


def test_three_levels_are_frozen() -> None:
    school = school_of(region_of(ROOT, 1), 258)
    purchase = school.one(KeyKind.PURCHASE, 1).for_use(KeyKind.PURCHASE)
    assert purchase.hex() == "1ab9dc6cc11ed0dc9a1c997573bcc9ba"
    (own,) = card_keys(school, 1, [SERIAL])
    assert own[3:] == (None,) * 7, "a store of the first campuses"
    assert [key.octets.hex() for key in own[:3]] == [
        "78db3725c60e881f0d8330267b4f995d",
        "71b6bbd6528bf5b5f2c35a0257b1e8cd",
        "429d07a8b11fa32160f022d13d1d104e",
    ]


def test_a_regions_psam_reaches_the_same_card_key_by_two_factors() -> None:
    region = region_of(ROOT, 1)
    (own,) = card_keys(school_of(region, 258), 1, [SERIAL])
    master = region.one(KeyKind.PURCHASE, 1).card_key(KeyKind.PURCHASE)
    assert diversify(master, numbers.issuer(258).rjust(8, b"\0"), SERIAL) == own.purchase


def test_every_school_and_every_card_has_its_own_keys() -> None:
    root = new_root(os.urandom)
    region = region_of(root, 1)
    schools = [school_of(region, n) for n in (1, 2)] + [school_of(region_of(root, 2), 1)]
    keys = {key.octets for school in schools for own in card_keys(school, 1, [SERIAL, bytes(8)]) for key in own}
    assert len(keys) == 3 * 2 * len(CARD_MASTERS)
    assert psam_control_key(schools[0], PSAM) != psam_control_key(schools[1], PSAM)
    assert psam_control_key(schools[0], PSAM) != psam_control_key(schools[0], numbers.psam(258, 8))


def test_every_level_hands_down_every_master() -> None:
    root = new_root(os.urandom)
    school = school_of(region_of(root, 1), 258)
    assert {key.kind for key in school.keys} == {key.kind for key in root.keys} == set(MASTERS)
    assert CardKeySet._fields == tuple(kind.replace("-", "_") for kind in CARD_MASTERS)


def test_root_masters_come_from_the_random_source_alone() -> None:
    asked: list[int] = []

    def random(size: int) -> bytes:
        asked.append(size)
        return bytes([len(asked)]) * size

    root = new_root(random, versions=(1, 2))
    assert asked == [16] * 2 * len(MASTERS)
    assert len({key.octets for key in root.keys}) == 2 * len(MASTERS)
    assert set(root.versions(KeyKind.TAC)) == {1, 2}


def test_k_term_is_hkdf_of_the_link_master_over_the_device() -> None:
    link = bytes(range(32))
    school = KeyStore(Level.SCHOOL, 1, (StoredKey(KeyKind.LINK, 1, link),))
    device = numbers.device(1, 3)
    expected = hmac.new(link, b"openykt k-term v1\0" + device + b"\x01", hashlib.sha256).digest()[:16]
    assert terminal_key(school, device) == expected
    assert terminal_key(school, numbers.device(1, 4)) != expected


def test_an_operator_cards_key_is_hkdf_of_the_link_master_over_the_card() -> None:
    link = bytes(range(32))
    school = KeyStore(Level.SCHOOL, 1, (StoredKey(KeyKind.LINK, 1, link),))
    card = numbers.operator(1, 1, 3)
    expected = hmac.new(link, b"openykt operator v1\0" + card + b"\x01", hashlib.sha256).digest()[:16]
    assert operator_key(school, card).octets == expected
    assert operator_key(school, numbers.operator(1, 1, 4)).octets != expected


def test_operator_cards_have_numbers_of_their_own() -> None:
    assert numbers.operator(1, 258, 7).hex() == "010200010102f0000007"
    assert numbers.operator(1, 258, 1) > numbers.card(1, 258, 1_000_000)


def test_a_key_does_only_its_own_work() -> None:
    for stored in ROOT.keys:
        for kind in KeyKind:
            if kind is stored.kind:
                assert stored.for_use(kind) == stored.octets
                continue
            with pytest.raises(WrongKeyUse) as caught:
                stored.for_use(kind)
            assert stored.octets.hex() not in str(caught.value)


def test_a_missing_version_is_a_key_fault() -> None:
    with pytest.raises(KeyFault, match="版本 9"):
        ROOT.one(KeyKind.TAC, 9)
