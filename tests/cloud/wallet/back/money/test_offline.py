"""Offline codes by the accounts service: the holder alone begins, with a proof; a device that is gone has none."""

from dataclasses import replace

import pytest

from cloud.payments import doors
from cloud.wallet.back.answers import Answers
from cloud.wallet.back.money.offline import end_signed_out
from cloud.wallet.back.table import OPERATIONS
from cloud.wallet.people.sessions import FRESH_MS, end_sessions
from shared.keys.offline_code import decode_certificate, is_certified_phone
from tests.cloud.ledger import phones as p
from tests.cloud.wallet.rig import CHILD, Rig, add_child

ONE, TWO = p.public(p.phone(1)).hex(), p.public(p.phone(2)).hex()
KEYS = [f"{n:032x}" for n in range(9)]
PERSON = 3
"""The child, behind mother and father."""


@pytest.fixture
def child(rig: Rig) -> Rig:
    """A school that has switched codes on, and a child with ¥100 whose mother consents."""
    rig.site = replace(rig.site, phones=p.Keys())  # type: ignore[arg-type]  # it answers as the key process does
    rig.answers = Answers(rig.site, OPERATIONS)
    doors.offline(rig.site.ledger, rig.site.phones).set_rule(p.RULE, "李", "", rig.now)
    add_child(rig, 100_00)
    assert rig.ask("offline/certify", "child", public=ONE, key=KEYS[0]) == "consent-needed"
    assert rig.ask("consent", "mother", holder=CHILD[0], given=True)["consented"]
    return rig


def number(rig: Rig, who: str = "child") -> int | None:
    """Of the certificate that pays now, as somebody sees it."""
    seen = rig.ask("offline", who, holder=CHILD[0])["phone"]
    return seen["number"] if seen else None


def certify(rig: Rig, public: str = ONE, key: str = KEYS[0]) -> int:
    given = rig.ask("offline/certify", "child", public=public, key=key)
    return decode_certificate(bytes.fromhex(given["certificate"])).phone.number


def why(rig: Rig) -> str:
    """The page's word on this phone's own that counts no more."""
    seen = rig.ask("offline", "child")
    assert seen["phone"] is None
    return str(seen["ended"]["en"])


def test_the_holder_has_a_phone_certified_by_a_fresh_proof_and_sees_which(child: Rig) -> None:
    assert rig_says_nothing(child)
    assert child.ask("offline/certify", "mother", holder=CHILD[0], public=ONE, key=KEYS[0]) == "not-yours"
    given = child.ask("offline/certify", "child", public=ONE, key=KEYS[0])
    found = decode_certificate(bytes.fromhex(given["certificate"]))
    assert is_certified_phone(found, p.SIGNER.public_key().public_bytes_raw())
    assert given["now_s"] == child.now.campus_s
    assert child.ask("offline/certify", "child", public=ONE, key=KEYS[0]) == given
    seen = child.ask("offline", "child")
    assert (seen["own"], seen["on"], seen["phone"]["this"], seen["phone"]["agent"]) == (True, True, True, "a phone")
    assert seen["phone"]["until_s"] == found.phone.until_s
    theirs = child.ask("offline", "mother", holder=CHILD[0])
    assert (theirs["own"], theirs["phone"]["this"], number(child, "mother")) == (False, False, found.phone.number)
    child.later(FRESH_MS // 1000)
    assert child.ask("offline/certify", "child", public=TWO, key=KEYS[1]) == "prove-again"


def rig_says_nothing(child: Rig) -> bool:
    seen = child.ask("offline", "child")
    return seen["phone"] is None and seen["ended"] is None


def test_the_same_phone_renews_without_a_proof_and_no_other_one_does(child: Rig) -> None:
    first = certify(child)
    child.later(FRESH_MS // 1000)
    assert child.ask("offline/renew", "child", public=TWO, key=KEYS[1]) == "prove-again"
    child.later(3 * 86_400)
    assert number(child) is None, "it is over by its time"
    assert child.ask("offline/renew", "child", public=ONE, key=KEYS[2])["certificate"]
    assert number(child) not in (None, first)
    child.session["other"] = ""
    child.signed("other", PERSON)
    assert child.ask("offline/renew", "other", public=ONE, key=KEYS[3]) == "prove-again"


def test_a_guardian_ends_it_and_it_begins_again_with_a_proof_alone(child: Rig) -> None:
    certify(child)
    assert child.ask("offline/end", "mother", holder=CHILD[0])["phone"] is None
    assert number(child) is None
    assert child.ask("offline/renew", "child", public=ONE, key=KEYS[1]) == "prove-again"
    certify(child, key=KEYS[2])
    assert child.ask("consent", "mother", holder=CHILD[0], given=False)["consented"] is False
    assert child.ask("offline", "mother", holder=CHILD[0])["phone"] is None


def test_another_phone_takes_over_and_the_first_is_told(child: Rig) -> None:
    certify(child)
    child.session["new"] = ""
    child.signed("new", PERSON)
    assert child.ask("offline/certify", "new", public=TWO, key=KEYS[1])["certificate"]
    seen = child.ask("offline", "child")
    assert (seen["phone"]["this"], seen["ended"]["en"]) == (False, "another phone took over")
    assert child.ask("offline/renew", "child", public=ONE, key=KEYS[2]) == "prove-again"
    assert child.ask("offline/certify", "child", public=ONE, key=KEYS[0]) == "offline-ended", "an answer that was lost"


@pytest.mark.parametrize("how", ["devices", "sign-out", "fallen"])
def test_a_device_that_is_signed_out_pays_no_more(child: Rig, how: str) -> None:
    certify(child)
    if how == "devices":
        child.session["new"] = ""
        child.signed("new", PERSON)
        (gone,) = [one for one in child.ask("devices", "new") if not one["this"]]
        assert child.ask("devices/end", "new", key=gone["key"]) == {"ended": True}
    elif how == "sign-out":
        assert child.ask("sign-out", "child") == {}
    else:  # ended by a command, or this service fell between the two
        with child.site.people.writing():
            end_sessions(child.site.people, PERSON)
        assert number(child, "mother") is not None
        end_signed_out(child.site, child.now)
    assert number(child, "mother") is None
    assert child.ask("offline", "child") == "sign-in"


def test_a_loss_report_ends_it_and_the_page_says_so(child: Rig) -> None:
    certify(child)
    assert child.ask("lost/report", "child", key=KEYS[5]) == {}
    assert why(child) == "the card was reported lost, or replaced"
    assert child.ask("offline/renew", "child", public=ONE, key=KEYS[1]) == "blocked"


def test_why_a_phone_cannot_have_it_is_said(child: Rig) -> None:
    doors.offline(child.site.ledger, child.site.phones).set_rule(p.CodeRule(), "李", "", child.now)
    assert child.ask("offline", "child")["on"] is False
    assert child.ask("offline/certify", "child", public=ONE, key=KEYS[0]) == "offline-off"
    assert child.ask("offline/certify", "child", public="04" + ONE[2:], key=KEYS[1]) == "offline-wrong-key"
