"""Keys and settings of a demonstration: a school's half in DATA/cloud, a provider's half beside it, both made once.

Only for a campus that says of itself that it is a demonstration: a real one never gets a key that an emulator has made.
"""

import json
import secrets
from pathlib import Path

from cloud.emulators.providers.keys import EmulatorKeys, make_pem, private_of, public_of
from cloud.emulators.providers.wechat import SECRET
from shared.errors import ConfigFault
from shared.words.voice import Text

FILE = "payments.toml"
MCHID, APPID, SELLER = "1900000109", "wx0000000000000001", "2088000000000000"
OLD, NEW = "PUB_KEY_ID_DEMO_1", "PUB_KEY_ID_DEMO_2"
MARK = "# python -m cloud.emulators\n"
"""So begins DATA/cloud/payments.toml while all of it is the emulators' (compose/campus/opening.py knows it by this)."""
_FILES = ("own.pem", "platform-1.pem", "platform-2.pem", "apiv3.key")


def set_up(data: Path, provider: str, port: int, notify: str) -> EmulatorKeys:
    """The provider's keys; made with all files of the school's, or as they were made. ConfigFault."""
    cloud = _demonstration(data)
    ours, theirs = cloud / "payments", cloud / "payments" / "emulator"
    theirs.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (theirs / f"{provider}-merchant.pem").exists():
        _make_keys(provider, ours, theirs)
    if provider == "wechat":
        _make_secret(ours / "wechat-app.key")
    _name(cloud / FILE, provider, port, notify)
    signers = {name: private_of((theirs / f"{provider}-{name}.pem").read_bytes()) for name in (OLD, NEW)}
    merchant = public_of((theirs / f"{provider}-merchant.pem").read_bytes())
    return EmulatorKeys(merchant, signers, (ours / f"{provider}-apiv3.key").read_bytes())


def set_up_bank(data: Path) -> Path:
    """The folder in which files are exchanged with the bank, named in the settings. ConfigFault."""
    cloud = _demonstration(data)
    folder = cloud / "payments" / "bank"
    for part in ("out", "in"):
        (folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)
    _put(cloud / FILE, "bank", '[bank]\nfolder = "bank"\n')
    return folder


def keep_of(data: Path, provider: str) -> Path:
    """Where an emulator keeps what it knows."""
    return data / "cloud" / "payments" / "emulator" / f"{provider}.json"


def _demonstration(data: Path) -> Path:
    cloud = data / "cloud"
    if not json.loads((cloud / "cloud.json").read_bytes()).get("demo"):
        raise ConfigFault(Text("不是演示校园", "no demonstration campus"))
    return cloud


def _make_keys(provider: str, ours: Path, theirs: Path) -> None:
    private, public = make_pem()
    _write(ours / f"{provider}-own.pem", private)
    _write(ours / f"{provider}-apiv3.key", secrets.token_hex(16).encode())
    for number, name in enumerate((OLD, NEW), 1):
        key, half = make_pem()
        _write(theirs / f"{provider}-{name}.pem", key)
        _write(ours / f"{provider}-platform-{number}.pem", half)
    _write(theirs / f"{provider}-merchant.pem", public)


def _make_secret(file: Path) -> None:
    """A campus of before has none yet."""
    if not file.exists():
        _write(file, SECRET.encode())


def _name(file: Path, provider: str, port: int, notify: str) -> None:
    who = {
        "wechat": f'mchid = "{MCHID}"\nappid = "{APPID}"\nserial = "DEMO"\napiv3 = "wechat-apiv3.key"\n'
        f'account = "wechat-app.key"\nways = ["code", "phone", "inside"]\nopenid = "http://127.0.0.1:{port}"\n'
        f'authorize = "http://127.0.0.1:{port}/connect/oauth2/authorize"',
        "alipay": f'app_id = "{APPID}"\nseller_id = "{SELLER}"\nways = ["code", "phone", "page"]',
    }[provider]
    rows = "".join(
        f'[[{provider}.platform]]\nserial = "{name}"\nkey = "{provider}-platform-{number}.pem"\n'
        + ('until = "2126-01-01"\n' if number == 1 else "")
        for number, name in enumerate((OLD, NEW), 1)
    )  # fmt: skip
    section = (
        f'[{provider}]\nurl = "http://127.0.0.1:{port}"\nnotify = "{notify}"\nkey = "{provider}-own.pem"\n'
        f"{who}\n{rows}"
    )
    _put(file, provider, section)


def _put(file: Path, provider: str, section: str) -> None:
    """Its section anew, the others as they stand."""
    old = file.read_text(encoding="utf-8").removeprefix(MARK) if file.exists() else ""
    kept = [part for part in old.split("\n# ") if part.strip() and not part.startswith(f"{provider}\n")]
    _write(file, (MARK + "".join(f"\n# {part}" for part in (*kept, f"{provider}\n{section}"))).encode())


def _write(file: Path, raw: bytes) -> None:
    part = file.with_name(f".{file.name}.part")
    part.touch(mode=0o600)
    part.write_bytes(raw)
    part.replace(file)
