"""Campus sign-on: a real server of each kind on loopback, and every way in which one can be wrong."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from cloud.wallet.back.answers import Answers
from cloud.wallet.back.losses.blocking import block
from cloud.wallet.back.rights import chosen
from cloud.wallet.back.table import OPERATIONS
from cloud.wallet.people.blocks import Reporter
from cloud.wallet.people.records.sign_ons import BEGUN_MS
from cloud.wallet.people.roster import holder_of
from cloud.wallet.people.sessions import FRESH_MS
from cloud.wallet.sso import bounded
from cloud.wallet.sso.settings import FILE, read_sign_ons
from shared.errors import ConfigFault
from tests.cloud.wallet.rig import CHILD, FATHER, GROWN, MOTHER, Rig
from tests.cloud.wallet.sso.campus_id import CLIENT, RUBBISH, SECRET, CampusId, campus_id

KEPT, OTHER = "11" * 32, "22" * 32


@dataclass
class Gate:
    """The wallet with both sign-ons, and the server behind them."""

    rig: Rig
    id: CampusId

    def begin(self, provider: str = "oidc") -> dict[str, str]:
        """What the browser comes back with."""
        begun = self.rig.ask("sign-in/sso/begin", provider=provider, kept=KEPT)
        return self.id.signs_on(begun["url"])

    def finish(self, back: dict[str, str], who: str = "pupil", kept: str = KEPT) -> Any:
        state, code = back.get("sso") or back["state"], back.get("ticket") or back["code"]
        return self.rig.ask("sign-in/sso/finish", who, state=state, code=code, kept=kept)

    def sign_on(self, provider: str = "oidc", who: str = "pupil") -> Any:
        return self.finish(self.begin(provider), who)


@pytest.fixture(scope="module")
def server() -> Iterator[CampusId]:
    with campus_id(1_000_000_000) as served:
        yield served


def write(folder: Path, url: str) -> None:
    file = folder / FILE
    file.write_text(
        f'[oidc]\nissuer = "{url}"\nclient = "{CLIENT}"\nsecret = "{SECRET}"\nnumber = "no"\nguardian = "mobile"\n'
        f'[cas]\nserver = "{url}/cas"\nnumber = "employeeNumber"\n'
    )
    file.chmod(0o600)


@pytest.fixture
def gate(rig: Rig, server: CampusId, tmp_path: Path) -> Gate:
    fresh = CampusId(server.now_s, url=server.url, key=server.key)
    server.__dict__.update(fresh.__dict__)
    server.claims = {"no": CHILD[0]}
    write(tmp_path, server.url)
    site = replace(rig.site, address="https://pay.school.example", sign_ons=read_sign_ons(tmp_path))
    return Gate(Rig(site, Answers(site, OPERATIONS), rig.now), server)


@pytest.mark.parametrize("provider", ["oidc", "cas"])
def test_a_pupil_signs_on_and_is_bound_once(gate: Gate, provider: str) -> None:
    assert gate.sign_on(provider) == {}
    (own,) = gate.rig.ask("me", "pupil")["holders"]
    assert (own["number"], own["own"]) == (CHILD[0], True)
    assert gate.sign_on(provider, "again") == {}
    assert [one["way"] for one in gate.rig.ask("devices", "again")] == ["campus", "campus"]
    with gate.rig.site.people.reading():
        assert gate.rig.site.people.run("SELECT provider, number FROM subject") == [(provider, CHILD[0])]
        assert gate.rig.site.people.run("SELECT COUNT(*) FROM person WHERE holder = ?", (CHILD[0],)) == [(1,)]


def test_ways_are_named_and_an_unset_school_has_none(gate: Gate, rig: Rig) -> None:
    assert [one["name"] for one in gate.rig.ask("sign-in/ways")] == ["oidc", "cas"]
    assert rig.ask("sign-in/ways") == []
    assert rig.ask("sign-in/sso/begin", provider="oidc", kept=KEPT) == "sign-on-off"


@pytest.mark.parametrize("provider", ["oidc", "cas"])
def test_a_way_back_is_good_once_for_its_own_browser_and_not_for_long(gate: Gate, provider: str) -> None:
    back = gate.begin(provider)
    assert gate.finish(back, kept=OTHER) == "wrong", "somebody was sent an address of another's"
    assert gate.finish(back) == "wrong", "and it is burnt by the try"
    back = gate.begin(provider)
    assert gate.finish(back) == {}
    assert gate.finish(back) == "wrong"
    back = gate.begin(provider)
    gate.rig.later(BEGUN_MS // 1000)
    assert gate.finish(back) == "wrong"


def test_a_subject_is_one_number_s_and_a_number_one_subject_s(gate: Gate) -> None:
    assert gate.sign_on() == {}
    gate.id.claims = {"no": GROWN[0]}
    assert gate.sign_on() == "wrong", "the same account says that it is somebody else now"
    gate.id.user, gate.id.claims = ("u-2", CHILD[0]), {"no": CHILD[0]}
    assert gate.sign_on() == "wrong", "another account says that it is he"
    gate.id.user, gate.id.claims = ("u-3", "2026999"), {"no": "2026999"}
    assert gate.sign_on() == "wrong", "nobody on the roster"
    gate.id.user, gate.id.claims = ("u-1", CHILD[0]), {}
    assert gate.sign_on() == {}, "the number is said by userinfo"


def test_a_guardian_signs_on_by_the_phone_that_the_roster_has(gate: Gate) -> None:
    gate.id.user, gate.id.claims = ("p-1", ""), {"no": "parent7", "mobile": "+86 130-0000-0001"}
    assert gate.sign_on(who="parent") == {}
    assert {one["number"] for one in gate.rig.ask("me", "parent")["holders"]} == {CHILD[0], GROWN[0]}
    assert "campus" in [one["way"] for one in gate.rig.ask("devices", "parent")]
    with gate.rig.site.people.reading():
        assert gate.rig.site.people.run("SELECT COUNT(*) FROM person WHERE phone = ?", (MOTHER,)) == [(1,)]
    gate.id.user = ("p-2", "")
    assert gate.sign_on() == "wrong", "another account says that it is she"
    gate.id.user, gate.id.claims = ("p-1", ""), {"no": "parent7", "mobile": FATHER}
    assert gate.sign_on() == "wrong", "the same account says that it is somebody else now"
    for claims in ({"mobile": "13999999999"}, {"mobile": "x"}, {"mobile": 1}, {}):
        gate.id.user, gate.id.claims = ("p-3", ""), {"no": "parent8", **claims}
        assert gate.sign_on() == "wrong", claims
    gate.id.user, gate.id.claims = ("p-4", CHILD[0]), {"no": CHILD[0], "mobile": FATHER}
    assert gate.sign_on() == {}
    gate.id.user = ("p-5", CHILD[0])
    assert gate.sign_on() == "wrong", "a number that is another's opens no guardian's wallet either"


def test_who_signed_on_by_the_campus_proves_himself_by_a_code_to_the_schools_phone(gate: Gate) -> None:
    rig = gate.rig
    assert gate.sign_on() == {}
    assert rig.ask("prove/ways", "pupil") == {"password": False, "passkey": False, "sms": MOTHER[-4:], "campus": True}
    rig.later(FRESH_MS // 1000)
    assert rig.ask("passkeys/ask", "pupil") == "prove-again"
    assert rig.ask("prove/code", "pupil", code="000000") == "wrong"
    assert rig.ask("prove/send-code", "pupil") == {}
    rig.signed("mother", 1)
    assert rig.ask("prove/code", "mother", code=rig.code()) == "wrong", "his code is nobody else's"
    assert rig.ask("prove/code", "pupil", code=rig.code()) == {}
    assert "challenge" in rig.ask("passkeys/ask", "pupil")
    assert rig.ask("phone/begin", "pupil", phone=MOTHER) == "prove-again", "it is not what he alone knows"
    rig.ask("prove/send-code", "pupil")
    code = rig.code()
    rig.ask("lost/report", "pupil", key="00" * 16, why="")
    assert rig.ask("prove/code", "pupil", code=code) == "blocked"


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("another's key", {}), ("no signature", {}), ("userinfo of another", {"no": None}),
    ("", {"nonce": "another's"}), ("", {"nonce": None}), ("", {"iss": "https://somebody.else"}),
    ("", {"aud": "another-client"}), ("", {"aud": [CLIENT, "another-client"], "azp": "another-client"}),
    ("", {"exp": 999_999_000}), ("", {"auth_time": 999_990_000}), ("", {"auth_time": None}),
    ("", {"auth_time": 1_000_009_999}), ("", {"sub": ""}),
    ("", {"sub": "x" * 300}), ("", {"no": "x" * 40}), ("", {"no": ""}), ("", {"at_hash": "AAAA"}),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "claims"), WRONG)
def test_a_token_that_does_not_hold_opens_nothing(gate: Gate, wrong: str, claims: dict[str, Any]) -> None:
    back = gate.begin()
    gate.id.wrong = wrong
    gate.id.claims = {"no": CHILD[0], **claims}
    assert gate.finish(back) == "wrong"
    assert gate.rig.ask("me", "pupil") == "sign-in"


@pytest.mark.parametrize(
    "wrong", ["another issuer", "a token address in plain", "sends on", "is too long", "is too deep"]
)  # fmt: skip
def test_metadata_that_are_none_begin_nothing(gate: Gate, wrong: str) -> None:
    gate.id.wrong = wrong
    assert gate.rig.ask("sign-in/sso/begin", provider="oidc", kept=KEPT) == "sign-on-away"


@pytest.mark.parametrize("wrong", [*RUBBISH, "sends on", "is too long"])
def test_an_answer_of_cas_that_is_none_opens_nothing(gate: Gate, wrong: str) -> None:
    back = gate.begin("cas")
    gate.id.wrong = wrong
    assert gate.finish(back) == "wrong"


def test_a_ticket_for_another_service_opens_nothing(gate: Gate) -> None:
    one, other = gate.begin("cas"), gate.begin("cas")
    assert gate.finish({"sso": one["sso"], "ticket": other["ticket"]}) == "wrong"


@pytest.mark.parametrize("wrong", ["hangs", "drips", "drips in its head", "stops"])
def test_a_provider_that_does_not_end_is_given_up(gate: Gate, monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setattr(bounded, "READ_S", 0.1)
    monkeypatch.setattr(bounded, "WHOLE_S", 0.3)
    gate.id.wrong = wrong
    assert gate.rig.ask("sign-in/sso/begin", provider="oidc", kept=KEPT) == "sign-on-away"
    gate.id.over.set()


def test_a_provider_s_new_key_is_looked_for(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    assert gate.sign_on() == {}
    gate.id.rotate()
    assert gate.sign_on() == "wrong", "its keys were looked at a moment ago"
    monkeypatch.setattr("cloud.wallet.sso.oidc.ANEW_S", -1.0)
    assert gate.sign_on() == {}


def test_who_is_blocked_as_lost_signs_on_by_nothing(gate: Gate) -> None:
    assert gate.sign_on() == {}
    site = gate.rig.site
    with site.people.reading():
        holder = holder_of(site.people, CHILD[0])
    assert holder is not None
    whose = chosen(site.ledger.database, holder, is_own=False)
    block(site, whose, Reporter(1, "10.0.0.9"), b"k" * 16, "", gate.rig.now)
    assert gate.rig.ask("me", "pupil") == "sign-in", "his devices are signed out"
    assert [gate.sign_on(provider) for provider in ("oidc", "cas")] == ["blocked", "blocked"]


def test_no_secret_is_shown(gate: Gate, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    back = gate.begin()
    gate.id.wrong = "another's key"
    assert gate.finish(back) == "wrong"
    gate.id.wrong = ""
    assert gate.sign_on("cas") == {}
    told = caplog.text + repr(gate.rig.site.sign_ons)
    assert [one for one in (SECRET, back["code"], CHILD[0], "u-1") if one in told] == []


@pytest.mark.parametrize(
    ("text", "mode"),
    [('[oidc]\nissuer = "http://id.school.cn"\nclient = "x"\n', 0o600), ('[cas]\nserver = "ftp://a/"\n', 0o600),
     ("[oidc]\nclient = 3\n", 0o600), ("rubbish", 0o600), ('[other]\na = 1\n', 0o600),
     ('[cas]\nserver = "https://cas.school.cn/"\n', 0o644)],
)  # fmt: skip
def test_settings_that_are_wrong_are_refused(tmp_path: Path, text: str, mode: int) -> None:
    (tmp_path / FILE).write_text(text)
    (tmp_path / FILE).chmod(mode)
    with pytest.raises(ConfigFault):
        read_sign_ons(tmp_path)


