"""A box passes on only firmware that a chain of trust stands for; one that is not to be believed changes nothing."""

from dataclasses import replace

import pytest

from edge.box.down.trust import Trust
from shared.clocks.clock import DAY_S
from shared.fleet.document import CAMPUS, DocumentKind, device_scope, model_scope
from shared.fleet.firmware import Image
from shared.fleet.permit import Permit
from shared.keys import trust
from shared.keys.trust import Chain, Officers
from tests.edge.box.down.test_serving import TCP1, made, permit, ticks, used
from tests.edge.fleet_rig import AS_OF, CAMPUS_KEY
from tests.edge.rig import Field, device, settings
from tests.shared.keys.test_trust import Site

FIRMWARE = DocumentKind.FIRMWARE, model_scope(1)
TRUST = DocumentKind.TRUST, CAMPUS


class Centre(Site):
    """As the real one, under the campus key of the field."""

    def __init__(self) -> None:
        super().__init__()
        self.anchor = trust.anchor_of(self.roots[0], 1, CAMPUS_KEY)

    def of(self, *images: Image, former: Chain | None = None, at_s: int = AS_OF) -> Chain:
        for image in images:
            self.targets = trust.sign_by(
                trust.with_release(self.targets, image, image.encode(), at_s), self.keys["targets"]
            )
        assert self.targets is not None
        return self.chain(Officers(self.anchor, self.roots, self.targets), former, at_s)


def image(release: int, program: bytes = b"program") -> Image:
    return Image(1, release, "lines", program)


def firmware(field: Field, what: Image, generation: int):
    one = made(field, what.encode(), *FIRMWARE, generation=generation)
    permit(field, 1, Permit(1, generation, one.head.digest))
    ticks(field, 5)
    return one


@pytest.fixture
def field() -> Field:
    field = Field()
    field.connect()
    return field


def test_only_a_release_that_the_chain_stands_for_goes_on_to_terminals(field):
    centre = Centre()
    made(field, centre.of(image(2)).encode(), *TRUST)
    terminal = field.holding()
    firmware(field, image(2, b"another program"), 2)
    assert used(terminal, FIRMWARE) is None, "signed by the firmware key alone"
    first = firmware(field, image(3), 3)
    assert used(terminal, FIRMWARE) is None, "the officers do not stand for it yet"
    chain = trust.decode_chain(field.box.documents[TRUST].kept.body)
    made(field, centre.of(image(3), former=chain).encode(), *TRUST)
    field.hear(TCP1, terminal.status())
    ticks(field, 90)
    assert used(terminal, FIRMWARE) == (3, first.body)


def test_a_chain_that_is_held_back_grows_old_and_nothing_new_goes_on(field):
    made(field, Centre().of(image(2)).encode(), *TRUST)
    terminal = field.holding()
    made(field, b"later", DocumentKind.ORDER, device_scope(device(1)), as_of=AS_OF + 8 * DAY_S)
    firmware(field, image(2), 2)
    assert used(terminal, FIRMWARE) is None


def test_a_chain_that_goes_back_is_refused_and_told(field):
    centre = Centre()
    one = centre.of(image(2))
    two = centre.of(image(3), former=one)
    made(field, two.encode(), *TRUST)
    offered = field.centre.make(one.encode(), *TRUST)
    field.offer(offered.offer())
    assert field.box.documents[TRUST].kept.body == two.encode()
    assert field.codes() == ["trust-refused"]
    assert field.box.totals()["chains_refused"] == 1


def judged(one: Trust, chain: Chain, at_s: int) -> str:
    offered = Field(settings()).centre.make(chain.encode(), *TRUST)
    return one.judge(replace(offered.head, as_of=at_s), chain.encode())


def test_time_only_goes_on_and_by_bounded_steps():
    centre, box = Centre(), Trust(1, CAMPUS_KEY.public_key().public_bytes_raw())
    chain = centre.of(image(2))
    offered = Field(settings()).centre.make(chain.encode(), *TRUST)
    box.adopt(replace(offered.head, as_of=AS_OF), chain.encode())
    far = AS_OF + trust.STEP_MAX_S + 1
    assert "too far ahead" in judged(box, centre.of(former=chain, at_s=far), far)
    late = AS_OF + 60 * DAY_S
    assert judged(box, centre.of(former=chain, at_s=late), late) == "", "sixty days away"
    assert "Expired" in judged(box, chain, late)
    assert box.releases.keys() == {"firmware/1/2"}


def test_what_was_kept_is_believed_after_a_restart(field):
    made(field, Centre().of(image(2)).encode(), *TRUST)
    kept = field.box.documents[TRUST].kept
    again = Trust(1, CAMPUS_KEY.public_key().public_bytes_raw())
    again.adopt(kept.head, kept.body)
    assert again.releases.keys() == {"firmware/1/2"}
