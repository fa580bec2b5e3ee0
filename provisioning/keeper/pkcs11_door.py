"""The one door to PKCS#11 (PyKCS11): a token with masters that can be used and not read.

Masters are made sensitive and non-extractable. A master either derives (CKM_DES3_ECB_ENCRYPT_DATA: the child stays in
the token), or encrypts (its cards' keys come out), or signs (LINK: CKM_SHA256_HMAC), never two: the token itself
refuses the others. SoftHSM 2.6.1 has no single DES any more (its OpenSSL is without the legacy provider), so a session
key K of 8 bytes is derived as K ‖ K, whose 3DES is DES under K. It sets the parity bits of what it derives, which DES
does not look at. Every fault of the token is TokenFault with the token's own code; no fault carries an attribute.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from provisioning.keeper.keeper import KeeperAway
from shared.errors import ConfigFault
from shared.words.voice import Text

BLOCK = 8


class TokenFault(KeeperAway):
    """Happens when the token refuses or fails."""


class PinRefused(TokenFault):
    """Happens when a token refuses its PIN. Offering it again would lock the token."""


class Ability(Enum):
    """What a master may be used for in the token."""

    DERIVE = "derive"
    ENCRYPT = "encrypt"
    SIGN = "sign"
    """HMAC-SHA256; a generic secret, the two others are DES2."""


class Held(NamedTuple):
    """A master as the token shows it: its label, its id, its handle."""

    label: str
    id: bytes
    handle: Any


class _DerivationData(ctypes.Structure):
    """CK_KEY_DERIVATION_STRING_DATA."""

    _fields_ = (("data", ctypes.c_void_p), ("length", ctypes.c_ulong))


class Token:
    """An open session with a token, logged in. Not thread-safe."""

    def __init__(self, library: Any, session: Any, loaded: Any) -> None:  # noqa: ANN401  # PyKCS11 has no types
        self._p = library
        self._session = session
        self._loaded = loaded

    def __repr__(self) -> str:
        return "Token(hidden)"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def masters(self) -> list[Held]:
        """All secret keys that stand in the token for good."""
        p = self._p
        with self._asked():
            found = self._session.findObjects([(p.CKA_CLASS, p.CKO_SECRET_KEY), (p.CKA_TOKEN, True)])
            shown = [self._session.getAttributeValue(handle, [p.CKA_LABEL, p.CKA_ID]) for handle in found]
        return [Held(label, bytes(id_), handle) for (label, id_), handle in zip(shown, found, strict=True)]

    def check_value(self, handle: Any) -> bytes:  # noqa: ANN401
        """CKA_CHECK_VALUE: for a DES2 key the KCV of pboc part 2."""
        with self._asked():
            (value,) = self._session.getAttributeValue(handle, [self._p.CKA_CHECK_VALUE])
        return bytes(value)

    def is_guarded(self, handle: Any) -> bool:  # noqa: ANN401
        """Sensitive and not extractable, as the token says."""
        with self._asked():
            shown = self._session.getAttributeValue(handle, [self._p.CKA_SENSITIVE, self._p.CKA_EXTRACTABLE])
        return tuple(map(bool, shown)) == (True, False)

    def store(self, label: str, id_: bytes, octets: bytes, ability: Ability) -> None:
        """Take a master in: from a ceremony, once."""
        p = self._p
        form = p.CKK_GENERIC_SECRET if ability is Ability.SIGN else p.CKK_DES2
        with self._asked():
            self._session.createObject(
                [(p.CKA_KEY_TYPE, form), *self._master(label, id_, ability), (p.CKA_VALUE, octets)]
            )

    def generate(self, label: str, id_: bytes, ability: Ability) -> None:
        """Make a master that nobody has ever seen."""
        p = self._p
        with self._asked():
            self._session.generateKey(self._master(label, id_, ability), p.Mechanism(p.CKM_DES2_KEY_GEN))

    @contextmanager
    def derived(self, handle: Any, data: bytes) -> Iterator[Any]:  # noqa: ANN401
        """A key = 3DES-ECB(key, 16 bytes) in the token, for the time of the block."""
        child = self._derive(handle, data, exposed=False)
        try:
            yield child
        finally:
            self.destroy(child)

    def derive(self, handle: Any, data: bytes) -> Any:  # noqa: ANN401
        """The same for longer: the caller destroys it."""
        return self._derive(handle, data, exposed=False)

    def derive_out(self, handle: Any, data: bytes) -> bytes:  # noqa: ANN401
        """The same, let out of the token: 16 bytes, parity set."""
        child = self._derive(handle, data, exposed=True)
        try:
            with self._asked():
                (value,) = self._session.getAttributeValue(child, [self._p.CKA_VALUE])
            return bytes(value)
        finally:
            self.destroy(child)

    def ecb(self, handle: Any, blocks: bytes) -> bytes:  # noqa: ANN401
        """Encrypt whole blocks."""
        with self._asked():
            return bytes(self._session.encrypt(handle, blocks, self._p.Mechanism(self._p.CKM_DES3_ECB)))

    def cbc_end(self, handle: Any, initial: bytes, blocks: bytes) -> bytes:  # noqa: ANN401
        """Last block of a CBC encryption of whole blocks."""
        with self._asked():
            mechanism = self._p.Mechanism(self._p.CKM_DES3_CBC, initial)
            return bytes(self._session.encrypt(handle, blocks, mechanism))[-BLOCK:]

    def hmac(self, handle: Any, data: bytes) -> bytes:  # noqa: ANN401
        """HMAC-SHA256, 32 bytes."""
        with self._asked():
            return bytes(self._session.sign(handle, data, self._p.Mechanism(self._p.CKM_SHA256_HMAC)))

    def destroy(self, handle: Any) -> None:  # noqa: ANN401
        """Forget a derived key; or a master, for ever."""
        with self._asked():
            self._session.destroyObject(handle)

    def close(self) -> None:
        """Log out and let the library go, so that the next opening begins anew; a dead token, too. Idempotent."""
        if self._session is not None:
            session, self._session = self._session, None
            for end in (session.logout, session.closeSession):
                with suppress(self._p.PyKCS11Error):
                    end()
            self._loaded.unload()

    def _derive(self, handle: Any, data: bytes, *, exposed: bool) -> Any:  # noqa: ANN401
        p = self._p
        template = [
            (p.CKA_CLASS, p.CKO_SECRET_KEY),
            (p.CKA_KEY_TYPE, p.CKK_DES2),
            (p.CKA_TOKEN, False),
            (p.CKA_PRIVATE, True),
            (p.CKA_SENSITIVE, not exposed),
            (p.CKA_EXTRACTABLE, exposed),
            (p.CKA_ENCRYPT, True),
            (p.CKA_DERIVE, True),
        ]
        with self._asked():
            return self._session.deriveKey(handle, template, _Derivation(p, data))

    def _master(self, label: str, id_: bytes, ability: Ability) -> list[tuple[Any, Any]]:
        p = self._p
        return [
            (p.CKA_CLASS, p.CKO_SECRET_KEY),
            (p.CKA_TOKEN, True),
            (p.CKA_PRIVATE, True),
            (p.CKA_SENSITIVE, True),
            (p.CKA_EXTRACTABLE, False),
            (p.CKA_MODIFIABLE, False),
            (p.CKA_DERIVE, ability is Ability.DERIVE),
            (p.CKA_ENCRYPT, ability is Ability.ENCRYPT),
            (p.CKA_DECRYPT, False),
            (p.CKA_SIGN, ability is Ability.SIGN),
            (p.CKA_VERIFY, False),
            (p.CKA_WRAP, False),
            (p.CKA_UNWRAP, False),
            (p.CKA_LABEL, label),
            (p.CKA_ID, id_),
        ]

    @contextmanager
    def _asked(self) -> Iterator[None]:
        try:
            yield
        except self._p.PyKCS11Error as fault:
            raise TokenFault(Text(f"密码设备：{fault}", f"token: {fault}")) from None


class _Derivation:
    """The mechanism of a derivation; holds its data until the call is over."""

    def __init__(self, library: Any, data: bytes) -> None:  # noqa: ANN401
        self._data = ctypes.create_string_buffer(data, len(data))
        raw = bytes(_DerivationData(ctypes.addressof(self._data), len(data)))
        self._parameter = library.ckbytelist(raw)
        self._mechanism = library.LowLevel.CK_MECHANISM()
        self._mechanism.mechanism = library.CKM_DES3_ECB_ENCRYPT_DATA
        self._mechanism.pParameter = self._parameter
        self._mechanism.ulParameterLen = len(raw)

    def to_native(self) -> Any:  # noqa: ANN401
        """What PyKCS11 asks a mechanism for."""
        return self._mechanism


def open_token(module: Path, label: str, pin: str) -> Token:
    """Log in to the token of this label; ConfigFault when there is none or no library, TokenFault."""
    p, library = _library(module)
    try:
        for slot in library.getSlotList(tokenPresent=True):
            if _label(library, slot) == label:
                return Token(p, _logged_in(p, library, slot, pin), library)
    except p.PyKCS11Error as fault:
        raise TokenFault(Text(f"密码设备：{fault}", f"token: {fault}")) from None
    raise ConfigFault(Text(f"没有名为 {label} 的密码设备", f"no token has the label {label}"))


def has_token(module: Path, label: str) -> bool:
    """Is there a token of this label, made to the end? ConfigFault without a library, TokenFault."""
    p, library = _library(module)
    try:
        slots = [slot for slot in library.getSlotList(tokenPresent=True) if _label(library, slot) == label]
        return any(library.getTokenInfo(slot).flags & p.CKF_USER_PIN_INITIALIZED for slot in slots)
    except p.PyKCS11Error as fault:
        raise TokenFault(Text(f"密码设备：{fault}", f"token: {fault}")) from None


def _logged_in(p: Any, library: Any, slot: Any, pin: str) -> Any:  # noqa: ANN401
    session = library.openSession(slot, p.CKF_SERIAL_SESSION | p.CKF_RW_SESSION)
    try:
        session.login(pin)
    except p.PyKCS11Error as fault:
        session.closeSession()
        if fault.value in (p.CKR_PIN_INCORRECT, p.CKR_PIN_LOCKED, p.CKR_PIN_EXPIRED, p.CKR_PIN_INVALID):
            raise PinRefused(Text(f"密码设备不接受 PIN：{fault}", f"the token refuses its PIN: {fault}")) from None
        raise
    return session


def make_token(module: Path, label: str, officer_pin: str, pin: str) -> None:
    """Initialise the first free slot; ConfigFault when the label is taken or no slot is free, TokenFault."""
    p, library = _library(module)
    try:
        slots = library.getSlotList(tokenPresent=True)
        if any(_label(library, slot) == label for slot in slots):
            raise ConfigFault(Text(f"密码设备 {label} 已存在", f"a token with the label {label} is already there"))
        free = next((slot for slot in slots if not _label(library, slot)), None)
        if free is None:
            raise ConfigFault(Text("没有空闲的密码设备", "no free token"))
        library.initToken(free, officer_pin, label)
        free = next(slot for slot in library.getSlotList(tokenPresent=True) if _label(library, slot) == label)
        session = library.openSession(free, p.CKF_SERIAL_SESSION | p.CKF_RW_SESSION)
        session.login(officer_pin, p.CKU_SO)
        session.initPin(pin)
        session.logout()
        session.closeSession()
    except p.PyKCS11Error as fault:
        raise TokenFault(Text(f"密码设备：{fault}", f"token: {fault}")) from None


def _library(module: Path) -> tuple[Any, Any]:
    try:
        import PyKCS11 as p  # noqa: N813  # only who uses a token needs it installed
    except ImportError as fault:
        raise ConfigFault(Text("缺少 PyKCS11（openykt[hsm]）", "PyKCS11 is not installed (openykt[hsm])")) from fault
    library = p.PyKCS11Lib()
    try:
        library.load(str(module))
    except p.PyKCS11Error as fault:
        raise ConfigFault(
            Text(f"{module.name}: 无法加载：{fault}", f"{module.name}: cannot be loaded: {fault}")
        ) from None
    return p, library


def _label(library: Any, slot: Any) -> str:  # noqa: ANN401
    return str(library.getTokenInfo(slot).label).strip("\0 ")
