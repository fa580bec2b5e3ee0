"""TUF as far as the box: what a chain proves, and what is tried against it: rollback, freeze, mix and match, keys."""

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.clocks.clock import DAY_S
from shared.fleet.firmware import Image
from shared.keys import trust
from shared.keys.trust import Chain, Officers, Roles, TrustFault

CAMPUS, AT = 1, 848_000_000
CAMPUS_KEY = Ed25519PrivateKey.from_private_bytes(b"c" * 32)
PUBLIC = CAMPUS_KEY.public_key().public_bytes_raw()
BODY = Image(1, 2, "lines", b"program").encode()


def key(letter: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(letter * 32)


class Site:
    """The officers and the centre, with all their keys."""

    def __init__(self, **other: Ed25519PrivateKey) -> None:
        made = {name: key(letter) for name, letter in zip(Roles._fields, (b"r", b"t", b"s", b"m"), strict=True)}
        self.keys = made | other
        self.roles = Roles(*(self.keys[name].public_key().public_bytes_raw() for name in Roles._fields))
        root = trust.sign_by(trust.first_root(self.roles, AT), self.keys["root"])
        self.roots, self.anchor = (root,), trust.anchor_of(root, CAMPUS, CAMPUS_KEY)
        self.targets: bytes | None = None

    def release(self, number: int, at_s: int = AT) -> Officers:
        image = Image(1, number, "lines", b"program")
        self.targets = trust.sign_by(
            trust.with_release(self.targets, image, image.encode(), at_s), self.keys["targets"]
        )
        return Officers(self.anchor, self.roots, self.targets)

    def chain(self, officers: Officers, former: Chain | None = None, at_s: int = AT) -> Chain:
        snapshot = trust.sign_by(trust.next_snapshot(former, officers, at_s), self.keys["snapshot"])
        return Chain(
            officers, snapshot, trust.sign_by(trust.next_timestamp(former, snapshot, at_s), self.keys["timestamp"])
        )


def proven(chain: Chain, before: Chain | None = None, at_s: int = AT) -> trust.Proven:
    return trust.proven(chain, before, CAMPUS, PUBLIC, at_s)


def test_a_chain_proves_the_releases_that_the_officers_signed_and_no_others():
    site = Site()
    chain = trust.decode_chain(site.chain(site.release(2)).encode())
    found = proven(chain)
    image = Image(1, 2, "lines", b"program")
    length, digest = found.releases["firmware/1/2"]
    assert (length, found.proves(image, length, digest)) == (len(BODY), True)
    assert not found.proves(image, length, "0" * 64)
    assert not found.proves(image._replace(release=3), length, digest)
    assert found.until_s == AT + trust.TIMESTAMP_S
    assert trust.officers_prove(chain.officers, CAMPUS, PUBLIC) == found.releases
    assert trust.decode_officers(trust.encode_officers(chain.officers)) == chain.officers
    assert len(chain.encode()) < 5_000


def test_time_goes_on_and_a_renewed_timestamp_is_taken_after_sixty_days():
    site = Site()
    first = site.chain(site.release(2))
    with pytest.raises(TrustFault, match="Expired"):
        proven(first, None, AT + trust.TIMESTAMP_S + 1)
    later = AT + 60 * DAY_S
    second = first._replace(
        timestamp=trust.sign_by(trust.next_timestamp(first, first.snapshot, later), site.keys["timestamp"])
    )
    assert proven(second, first, later).releases == proven(first).releases
    assert proven(first, first).until_s == proven(first).until_s, "the same again is no rollback"


def _rolled_back_timestamp(site: Site, one: Chain, two: Chain) -> tuple[Chain, Chain]:
    return one, two


def _rolled_back_targets(site: Site, one: Chain, two: Chain) -> tuple[Chain, Chain]:
    snapshot = trust.next_snapshot(two, one.officers, AT)
    raw = trust.sign_by(snapshot, site.keys["snapshot"])
    return Chain(one.officers, raw, trust.sign_by(trust.next_timestamp(two, raw, AT), site.keys["timestamp"])), two


def _mixed(site: Site, one: Chain, two: Chain) -> tuple[Chain, Chain]:
    return two._replace(officers=one.officers), one


def _mixed_snapshot(site: Site, one: Chain, two: Chain) -> tuple[Chain, Chain]:
    return two._replace(snapshot=one.snapshot), one


def _of_another_targets_key(site: Site, one: Chain, two: Chain) -> tuple[Chain, Chain]:
    thief = Site(targets=key(b"x"))
    thief.roots, thief.anchor = site.roots, site.anchor
    return site.chain(thief.release(9), two), two


def _of_another_root(site: Site, one: Chain, two: Chain) -> tuple[Chain, Chain]:
    thief = Site(root=key(b"x"))
    return thief.chain(thief.release(9)._replace(anchor=site.anchor)), two


def _of_another_root_and_nobodys_word(site: Site, one: Chain, two: Chain) -> tuple[Chain, Chain]:
    thief = Site(root=key(b"x"))
    return thief.chain(thief.release(9)), two


@pytest.mark.parametrize("attack", [
    _rolled_back_timestamp, _rolled_back_targets, _mixed, _mixed_snapshot, _of_another_targets_key, _of_another_root,
    _of_another_root_and_nobodys_word,
])  # fmt: skip
def test_what_is_tried_against_it_is_refused(attack: Callable[[Site, Chain, Chain], tuple[Chain, Chain]]):
    site = Site()
    one = site.chain(site.release(2))
    two = site.chain(site.release(3), one)
    assert set(proven(two, one).releases) == {"firmware/1/2", "firmware/1/3"}
    offered, before = attack(site, one, two)
    with pytest.raises(TrustFault):
        proven(offered, before)


def rotated(site: Site) -> Site:
    """A new root: other keys for all, signed by the former root key and the new one."""
    after = Site(**{name: key(name[:1].upper().encode()) for name in Roles._fields})
    root = trust.next_root(site.roots[-1], after.roles, AT)
    after.roots = (*site.roots, trust.sign_by(root, site.keys["root"], after.keys["root"]))
    after.anchor = site.anchor
    return after


def test_a_box_follows_new_keys_by_the_roots_between_and_even_then_nothing_goes_back():
    site = Site()
    one = site.chain(site.release(2))
    two = site.chain(site.release(3), one)
    after = rotated(site)
    after.targets = site.targets
    new = after.chain(after.release(4))
    assert set(proven(new, two).releases) == {"firmware/1/2", "firmware/1/3", "firmware/1/4"}
    after.targets = None
    with pytest.raises(TrustFault, match="older"):
        proven(after.chain(after.release(2)), two)
    with pytest.raises(TrustFault, match="root"):
        proven(two, new)
    alone = rotated(site)
    alone.roots = (*site.roots, trust.sign_by(trust.next_root(site.roots[-1], alone.roles, AT), alone.keys["root"]))
    with pytest.raises(TrustFault):
        proven(alone.chain(alone.release(9)), two)


def test_a_timestamp_of_another_key_and_another_campus_are_refused():
    site, thief = Site(), Site(timestamp=key(b"x"))
    officers = site.release(2)
    with pytest.raises(TrustFault, match="timestamp"):
        proven(site.chain(officers)._replace(timestamp=thief.chain(officers).timestamp))
    with pytest.raises(TrustFault, match="campus key"):
        trust.proven(site.chain(officers), None, CAMPUS + 1, PUBLIC, AT)


def test_bytes_that_are_no_chain_are_refused():
    raw = Site().chain(Site().release(2)).encode()
    for wrong in (b"", raw[:-1], raw[:70], raw + b"x", b"\2" + raw[1:], raw[:1] + b"\0" + raw[2:]):
        with pytest.raises(TrustFault):
            trust.decode_chain(wrong)
    for at in range(2, len(raw), 97):
        with pytest.raises(TrustFault):
            proven(trust.decode_chain(raw[:at] + bytes((raw[at] ^ 4,)) + raw[at + 1 :]))
