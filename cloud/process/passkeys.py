"""The door to webauthn: a key in the phone or the computer instead of a password (W3C WebAuthn Level 3).

The browser shows it to this host name alone, so it cannot be fished; the person is verified by the device (PIN, face,
finger), so it is both factors. It needs a host name: browsers give none to an address of numbers.

The library comes with the first key: it is a tenth of a server's start, and few ask for it.
"""

from typing import NamedTuple

from shared.errors import ConfigFault
from shared.words.voice import Text


class PasskeyRefused(ConfigFault):
    """Happens when what a browser says of a key is not true. Nobody is signed in, nothing is kept."""


class Site(NamedTuple):
    """host: the name that keys are for. origin: scheme, host and port of the page."""

    host: str
    origin: str


class Passkey(NamedTuple):
    """id: the browser's. public: COSE key. uses: the device's count, 0 where it has none."""

    id: bytes
    public: bytes
    uses: int


def ask_for_new(site: Site, name: str, challenge: bytes, known: list[bytes], user: bytes = b"") -> str:
    """What navigator.credentials.create takes, as JSON. known: keys that are not made twice. user: tells him from
    others on the device, where the name does not."""
    import webauthn
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        PublicKeyCredentialDescriptor,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    verified = AuthenticatorSelectionCriteria(
        resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
    )
    options = webauthn.generate_registration_options(
        rp_id=site.host, rp_name="OpenYKT", user_name=name, user_id=user or name.encode(), challenge=challenge,
        authenticator_selection=verified, exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
    )  # fmt: skip
    return webauthn.options_to_json(options)


def new_passkey(site: Site, answer: str, challenge: bytes) -> Passkey:
    """The key that the browser has made. PasskeyRefused."""
    import webauthn
    from webauthn.helpers import parse_registration_credential_json
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        found = webauthn.verify_registration_response(
            credential=parse_registration_credential_json(answer), expected_challenge=challenge,
            expected_rp_id=site.host, expected_origin=site.origin, require_user_verification=True,
        )  # fmt: skip
    except WebAuthnException as fault:
        raise _refused() from fault
    return Passkey(found.credential_id, found.credential_public_key, found.sign_count)


def ask_for_known(site: Site, challenge: bytes) -> str:
    """What navigator.credentials.get takes, as JSON; the device knows whose keys it has."""
    import webauthn
    from webauthn.helpers.structs import UserVerificationRequirement

    options = webauthn.generate_authentication_options(
        rp_id=site.host, challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
    )
    return webauthn.options_to_json(options)


def id_of(answer: str) -> bytes:
    """Which key the browser speaks of. PasskeyRefused."""
    from webauthn.helpers import parse_authentication_credential_json
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        return parse_authentication_credential_json(answer).raw_id
    except WebAuthnException as fault:
        raise _refused() from fault


def uses_after(site: Site, answer: str, challenge: bytes, known: Passkey) -> int:
    """The device's count after this use; a count that went back is a copied key. PasskeyRefused."""
    import webauthn
    from webauthn.helpers import parse_authentication_credential_json
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        found = webauthn.verify_authentication_response(
            credential=parse_authentication_credential_json(answer), expected_challenge=challenge,
            expected_rp_id=site.host, expected_origin=site.origin, credential_public_key=known.public,
            credential_current_sign_count=known.uses, require_user_verification=True,
        )  # fmt: skip
    except WebAuthnException as fault:
        raise _refused() from fault
    return found.new_sign_count


def _refused() -> PasskeyRefused:
    return PasskeyRefused(Text("通行密钥不对", "the passkey does not fit"))
