"""Where the token of a campus lies (DATA/keys/token: a private SoftHSM), its PINs, and moving the masters into it.

A hardware module is chosen by --module and --pin-file; its own vendor's tools make its token, labelled
`openykt-CAMPUS`. SoftHSM is for tests and for schools that have none: its files are as safe as their folder and PIN.
A version goes into a token whole or not at all: one with SM4 masters stays in the sealed store. Refuses to move what
has been moved, what no token takes, and a PIN file that anybody but its owner can read.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from provisioning.custody import files as key_files
from provisioning.custody.journal import write_private
from provisioning.keeper.pkcs11 import NoSm4InToken, is_sm4, require_held, take_in
from provisioning.keeper.pkcs11_door import Token, has_token, make_token
from provisioning.keeper.pkcs11_door import open_token as _open
from provisioning.keeper.softhsm import TOKENS, is_shown, library, make_durable, set_aside, softhsm
from provisioning.keys.levels import MASTERS
from provisioning.keys.store import NONCE_SIZE, SALT_SIZE, KeyKind, KeyStore, StoredKey, Unlock, seal
from shared.errors import ConfigFault
from shared.words.voice import Text

FOLDER = "token"
PIN, OFFICER_PIN = "token.pin", "token-officer.pin"
PIN_SIZE = 16
Random = Callable[[int], bytes]


class TokenPlace(NamedTuple):
    """Which token: neither given is the campus's own SoftHSM and its PIN file."""

    module: Path | None = None
    pin_file: Path | None = None


OWN_TOKEN = TokenPlace()


class Moving(NamedTuple):
    """What a move takes: moved goes into the token, left stays in the sealed store; sm4: versions that stay for it."""

    moved: tuple[StoredKey, ...]
    left: KeyStore
    sm4: tuple[int, ...]


def open_token(data: Path, module: Path | None, pin_file: Path | None) -> Token:
    """The campus's token, logged in; ConfigFault, KeyFault."""
    pin = key_files.read_pin(pin_file or data / key_files.FOLDER / PIN)
    if module is None:
        is_ready(data)  # puts back what a kill has emptied
    return _open(_module(data, module), _label(data), pin)


def is_ready(data: Path, place: TokenPlace = OWN_TOKEN) -> bool:
    """Is there a token of this campus that can be logged in to? One that was named must be: ConfigFault."""
    if place.module is not None:
        return has_token(place.module, _label(data))
    if softhsm() is None or not (_folder(data) / TOKENS).is_dir():
        return False
    return is_shown(_folder(data), lambda: has_token(library(_folder(data)), _label(data)))


def moving(school: KeyStore) -> Moving:
    """What a token takes of a school's store; NoSm4InToken, ConfigFault when that is nothing."""
    sm4 = {key.version for key in school.keys if is_sm4(key)}
    moved = tuple(
        key for key in school.keys if key.kind is KeyKind.LINK or (key.kind in MASTERS and key.version not in sm4)
    )
    if not moved and not sm4:
        raise ConfigFault(Text("主密钥已在密码设备里", "the masters are in a token already"))
    left = KeyStore(school.level, school.campus, tuple(key for key in school.keys if key not in moved))
    return Moving(moved, left, tuple(sorted(sm4)))


def move_into_token(
    data: Path,
    unlock: Unlock,
    school: KeyStore,
    random: Random,
    tell: Callable[[], object] = lambda: None,
    place: TokenPlace = OWN_TOKEN,
) -> Moving:
    """Put the masters that a token takes into it, and write the store again without them.

    The store that is left: signing, authority, transport, and versions in SM4. A SoftHSM token is made when there is
    none yet; another module's is made by its vendor's tools. The order is token first, on the disk and seen there by
    another session, so a crash leaves both, never none, and the move can be asked for again. tell: says it in the
    custody log before any master is in the token.
    NoSm4InToken when there is nothing but SM4; KeyFault when the token holds another master in the place of one.
    """
    found = moving(school)
    if found.sm4 and not _is_worth_it(found, data, place):
        raise NoSm4InToken(found.sm4)
    with _made(data, random, place) as token:
        tell()
        for key in found.moved:
            take_in(token, school.campus, key)
    make_durable()  # or a power cut takes them after the store has forgotten them
    with open_token(data, *place) as token:
        for key in found.moved:
            require_held(token, school.campus, key)
    sealed = seal(found.left, unlock, random(SALT_SIZE), random(NONCE_SIZE))
    write_private(data / key_files.FOLDER / key_files.store_name(school.level), sealed)
    return found


def _is_worth_it(found: Moving, data: Path, place: TokenPlace) -> bool:
    """Card masters, or LINK after its card masters went; LINK alone makes no token."""
    return any(key.kind in MASTERS for key in found.moved) or (bool(found.moved) and is_ready(data, place))


def _made(data: Path, random: Random, place: TokenPlace) -> Token:
    """The token, logged in; a SoftHSM's is made first, and one whose making was cut is set aside."""
    if place.module is not None:
        return open_token(data, place.module, place.pin_file)
    pins = [_pin(data / key_files.FOLDER / name, random) for name in (OFFICER_PIN, PIN)]
    module = library(_folder(data), make=True)
    if not is_ready(data):
        set_aside(_folder(data))
        make_token(module, _label(data), *pins)
    return open_token(data, None, None)


def _pin(file: Path, random: Random) -> str:
    """The PIN in the file; a new one when there is none yet, for one in use must not be overwritten."""
    if not file.exists():
        write_private(file, random(PIN_SIZE).hex().encode() + b"\n")
    return key_files.read_pin(file)


def _module(data: Path, module: Path | None) -> Path:
    return library(_folder(data)) if module is None else module


def _folder(data: Path) -> Path:
    return (data / key_files.FOLDER / FOLDER).resolve()


def _label(data: Path) -> str:
    return f"openykt-{key_files.campus_of(data)}"
