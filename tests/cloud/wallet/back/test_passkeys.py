"""Passkeys of the wallet: by a device made here, which signs, repeats, is copied and speaks for another page."""

import hashlib
import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field, replace
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from cloud.wallet.back.answers import Answers
from cloud.wallet.back.table import OPERATIONS
from cloud.wallet.people.passkeys import CHALLENGE_MS, PASSKEYS_MAX
from cloud.wallet.people.sessions import FRESH_MS
from tests.cloud.wallet.rig import Rig

PLACE = "https://pay.school.example:8443"


def b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class Device:
    """An authenticator. origin, host: of the page that it is shown to."""

    key: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))
    uses: int = 0
    origin: str = PLACE
    host: str = "pay.school.example"
    flags: int = 0x05

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self._cose()).digest()

    def made(self, challenge: str) -> str:
        held = self._head(0x40) + bytes(16) + len(self.id).to_bytes(2, "big") + self.id + self._cose()
        whole = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": held})
        return self._said(attestationObject=b64(whole), clientDataJSON=b64(self._client("create", challenge)))

    def shown(self, challenge: str) -> str:
        self.uses += 1
        client, head = self._client("get", challenge), self._head()
        signature = self.key.sign(head + hashlib.sha256(client).digest(), ECDSA(SHA256()))
        return self._said(authenticatorData=b64(head), clientDataJSON=b64(client), signature=b64(signature))

    def _said(self, **response: str) -> str:
        return json.dumps({"id": b64(self.id), "rawId": b64(self.id), "type": "public-key", "response": response})

    def _client(self, does: str, challenge: str) -> bytes:
        said = {"type": f"webauthn.{does}", "challenge": b64(bytes.fromhex(challenge)), "origin": self.origin}
        return json.dumps(said).encode()

    def _head(self, more: int = 0) -> bytes:
        return hashlib.sha256(self.host.encode()).digest() + bytes([self.flags | more]) + self.uses.to_bytes(4, "big")

    def _cose(self) -> bytes:
        at = self.key.public_key().public_numbers()
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: at.x.to_bytes(32, "big"), -3: at.y.to_bytes(32, "big")})


@pytest.fixture
def at(rig: Rig) -> Rig:
    """The rig, told where phones find it."""
    rig.site = replace(rig.site, address=PLACE)
    rig.answers = Answers(rig.site, OPERATIONS)
    return rig


def added(rig: Rig, device: Device, who: str = "mother") -> Any:
    asked = rig.ask("passkeys/ask", who)
    return rig.ask("passkeys/add", who, challenge=asked["challenge"], answer=device.made(asked["challenge"]), label="x")


def shown(rig: Rig, device: Device, who: str = "phone") -> Any:
    challenge = rig.ask("sign-in/passkey/ask")["challenge"]
    return rig.ask("sign-in/passkey", who, challenge=challenge, answer=device.shown(challenge))


def test_a_passkey_signs_in_and_counts_as_a_fresh_proof(at):
    device = Device()
    assert added(at, device) == {}
    at.later(FRESH_MS // 1000)
    assert shown(at, device) == {}
    assert at.ask("me", "phone") == at.ask("me", "mother")
    assert at.ask("passkeys/ask", "phone")["options"]["rp"]["id"] == "pay.school.example"


def test_only_who_has_just_proven_himself_adds_one(at):
    challenge = at.ask("passkeys/ask", "mother")["challenge"]
    at.later(FRESH_MS // 1000)
    assert at.ask("passkeys/ask", "mother") == "prove-again"
    said = Device().made(challenge)
    assert at.ask("passkeys/add", "mother", challenge=challenge, answer=said, label="x") == "prove-again"


def test_a_challenge_is_one_persons_once_and_not_for_long(at):
    device = Device()
    challenge = at.ask("passkeys/ask", "father")["challenge"]
    assert at.ask("passkeys/add", "mother", challenge=challenge, answer=device.made(challenge), label="x") == "wrong"
    assert added(at, device) == {}
    challenge = at.ask("sign-in/passkey/ask")["challenge"]
    said = device.shown(challenge)
    assert at.ask("sign-in/passkey", "phone", challenge=challenge, answer=said) == {}
    assert at.ask("sign-in/passkey", "thief", challenge=challenge, answer=said) == "wrong"
    late = at.ask("sign-in/passkey/ask")["challenge"]
    at.later(CHALLENGE_MS // 1000)
    assert at.ask("sign-in/passkey", "phone", challenge=late, answer=device.shown(late)) == "wrong"


@pytest.mark.parametrize("other", [{"origin": "https://wallet"}, {"host": "wallet"}, {"flags": 0x01}])
def test_another_page_and_a_device_that_asked_nobody_are_refused_whatever_the_caller_says(at, other):
    device = Device()
    assert added(at, device) == {}
    assert shown(at, replace(device, **other)) == "wrong"
    assert added(at, replace(Device(), **other)) == "wrong"


def test_a_copied_key_is_removed(at):
    device = Device()
    assert added(at, device) == {}
    copy = replace(device)
    assert shown(at, device) == {}
    assert shown(at, device) == {}
    assert shown(at, copy) == "wrong"
    assert at.ask("passkeys", "mother") == []
    assert shown(at, device) == "wrong"


def test_a_forged_answer_removes_nothing(at):
    device = Device(uses=5)
    assert added(at, device) == {}
    forged = Device()
    challenge = at.ask("sign-in/passkey/ask")["challenge"]
    said = json.loads(forged.shown(challenge)) | {"id": b64(device.id), "rawId": b64(device.id)}
    assert at.ask("sign-in/passkey", "thief", challenge=challenge, answer=json.dumps(said)) == "wrong"
    assert len(at.ask("passkeys", "mother")) == 1


def test_several_are_his_and_he_alone_removes_them(at):
    devices = [Device() for _ in range(PASSKEYS_MAX)]
    assert [added(at, one) for one in devices] == [{}] * PASSKEYS_MAX
    assert added(at, Device()) == "passkeys-full"
    assert added(at, devices[0], "father") == "passkeys-full"
    key = devices[0].id.hex()
    assert at.ask("passkeys/end", "father", key=key) == {"ended": False}
    assert at.ask("passkeys/end", "mother", key=key) == {"ended": True}
    assert shown(at, devices[0]) == shown(at, Device()) == "wrong"


def test_without_an_address_there_are_none(rig):
    assert rig.ask("passkeys/ask", "mother") == rig.ask("sign-in/passkey/ask") == "passkeys-off"


NONSENSE = ["x", "{}", "[]", '{"id": 1}', '{"id":"AA","rawId":"AA","type":"public-key","response":{}}']


@pytest.mark.parametrize("said", NONSENSE)
def test_nonsense_signs_nobody_in(at, said):
    challenge = at.ask("sign-in/passkey/ask")["challenge"]
    assert at.ask("sign-in/passkey", "x", challenge=challenge, answer=said) == "wrong"
