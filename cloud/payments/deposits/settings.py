"""DATA/cloud/payments.toml: providers, and where their keys lie; 0600, or it is refused. Without it there are none.

    [wechat]
    url = "https://api.mch.weixin.qq.com"
    mchid = "1900000109"
    appid = "wx…"
    notify = "https://wallet.school.cn/pay/notify/wechat"
    serial = "5157F09E…"                  # of our certificate
    until = "2030-06-01"                  # when it ends, if that is to be told
    key = "wechat-own.pem"                # in DATA/cloud/payments, as all files here
    apiv3 = "wechat-apiv3.key"            # 32 characters
    ways = ["code", "phone", "inside"]    # what the merchant may: Native, H5, JSAPI; Alipay: code, phone (wap), page
    account = "wechat-app.key"            # of the official account 公众号: its secret, for "inside" alone
    [[wechat.platform]]                   # the old and the new one side by side
    serial = "PUB_KEY_ID_0116…"           # a certificate's serial, or the number of a public key
    key = "wechat-platform-1.pem"
    from = "2026-12-01"                   # not believed before
    until = "2027-01-01"                  # refused from then on

Every file is read anew at a start; a key is changed by a new file and a restart, the old one beside it.
"""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from cloud.payments.providers.alipay import Alipay
from cloud.payments.providers.doors.bank import BankDoor
from cloud.payments.providers.doors.http import HttpDoor, Place
from cloud.payments.providers.interface import Adapter, Door, OrderWay, ProviderFault
from cloud.payments.providers.keys import FOREVER, OwnKey, PlatformKeys, read_own, read_platform
from cloud.payments.providers.reading import unix_of_china
from cloud.payments.providers.wechat import Inside, WeChat
from cloud.process.private import read_private
from shared.errors import ConfigFault
from shared.input.section import Section
from shared.words.voice import Text

FILE, KEYS = "payments.toml", "payments"
WAYS = {
    "wechat": (OrderWay.CODE, OrderWay.PHONE, OrderWay.INSIDE),
    "alipay": (OrderWay.CODE, OrderWay.PHONE, OrderWay.PAGE),
}
"""What the adapters have."""
AUTHORIZE, OPENID = "https://open.weixin.qq.com/connect/oauth2/authorize", "https://api.weixin.qq.com"
"""Where WeChat asks its user whether we may know who he is, and tells us."""
_APIV3 = 32
_KEY_MAX = 64 * 1024


def read_providers(folder: Path) -> dict[str, Door]:
    """The providers of the cloud's folder, by name. ConfigFault, which says nothing of any key."""
    file = folder / FILE
    if not file.exists():
        return {}
    top, keys = Section(_toml(file), file=FILE), folder / KEYS
    doors: dict[str, Door] = {}
    for name, make in _MAKERS.items():
        one = top.optional_section(name)
        if one is not None:
            doors[name] = make(one, keys)
            one.done()
    top.done()
    return doors


def provider_names(folder: Path) -> tuple[str, ...]:
    """Of the cloud's folder, without a look at any key: for whoever makes orders and sends none. ConfigFault."""
    file = folder / FILE
    found = _toml(file) if file.exists() else {}
    return tuple(name for name in _MAKERS if name in found)


class Offer(NamedTuple):
    """What a wallet may offer of a provider. authorize: where its chat app says who a payer is, appid: for whom."""

    ways: tuple[str, ...] = (OrderWay.CODE,)
    authorize: str = ""
    appid: str = ""


def provider_offers(folder: Path) -> dict[str, Offer]:
    """As provider_names, with the ways in which an order of each may be opened. ConfigFault."""
    names, file = provider_names(folder), folder / FILE
    top = Section(_toml(file), file=FILE) if names else Section({}, file=FILE)
    return {name: _offer(name, top.optional_section(name)) for name in names}


def _offer(name: str, one: Section | None) -> Offer:
    ways = _ways(name, one) if one is not None else (OrderWay.CODE,)
    if one is None or OrderWay.INSIDE not in ways:
        return Offer(ways)
    return Offer(ways, one.take("authorize", str, AUTHORIZE), one.take("appid", str, ""))


def _ways(name: str, one: Section) -> tuple[str, ...]:
    """Of those that the adapter has; ConfigFault for any other."""
    found = one.texts("ways", len(OrderWay), (OrderWay.CODE,))
    if not found or not set(found) <= set(WAYS.get(name, (OrderWay.CODE,))):
        said = ", ".join(WAYS.get(name, (OrderWay.CODE,)))
        raise ConfigFault(f"{one.name('ways')}: {Text(f'可为 {said}', f'may be {said}')}")
    return tuple(found)


def keys_until(folder: Path) -> dict[str, float]:
    """Unix second at which the last of a provider's keys is refused, without a look at any key; those that have one
    without an end are not here. ConfigFault."""
    file, found = folder / FILE, {}
    top = _toml(file) if file.exists() else {}
    for name in provider_names(folder):
        rows = top[name].get("platform", []) if isinstance(top[name], dict) else []
        ends = [_until(str(row.get("until", "")), f"{name}.platform.until") for row in rows if isinstance(row, dict)]
        if ends and max(ends) < FOREVER:
            found[name] = float(max(ends))
    return found


def _until(said: str, where: str) -> int:
    try:
        return unix_of_china(f"{said} 00:00:00") if said else FOREVER
    except ProviderFault:
        raise ConfigFault(f"{where}: {Text('应如 2027-01-01', 'as 2027-01-01')}") from None


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_private(file, 1 << 20).decode())
    except ValueError:  # a TOML fault repeats what it stumbled over
        raise ConfigFault(Text(f"{FILE}: 不是 TOML", f"{FILE}: not TOML")) from None


def _wechat(one: Section, keys: Path) -> Door:
    own, platform = _own(one, keys), _platform(one, keys)
    apiv3 = _private(keys / _name(one, "apiv3"), _KEY_MAX).strip()
    if len(apiv3) != _APIV3:
        raise ConfigFault(Text("wechat.apiv3：应为 32 个字符", "wechat.apiv3: 32 characters"))
    mchid, appid, notify = (one.take(name, str) for name in ("mchid", "appid", "notify"))
    inside, place = None, one.take("openid", str, OPENID)
    one.take("authorize", str, AUTHORIZE)
    if OrderWay.INSIDE in _ways("wechat", one):
        secret = _private(keys / _name(one, "account"), _KEY_MAX).strip().decode("ascii", "replace")
        inside = Inside(secret, place)
    adapter = WeChat(mchid, appid, own, platform, apiv3, notify, inside)
    host, port, _ = _host(place, one.name("openid"))
    return _http(one, adapter, ((host, port),) if inside else ())


def _alipay(one: Section, keys: Path) -> Door:
    own, platform = _own(one, keys), _platform(one, keys)
    _ways("alipay", one)
    adapter = Alipay(one.take("app_id", str), one.take("seller_id", str), own, platform, one.take("notify", str))
    return _http(one, adapter)


def _bank(one: Section, keys: Path) -> Door:
    folder = Path(one.take("folder", str))
    return BankDoor(folder if folder.is_absolute() else keys / folder, one.take("account", str, "DEMO"))


_MAKERS: dict[str, Callable[[Section, Path], Door]] = {"wechat": _wechat, "alipay": _alipay, "bank": _bank}


def _http(one: Section, adapter: Adapter, more: tuple[tuple[str, int], ...] = ()) -> HttpDoor:
    """more: hosts beside its own that it may be sent to."""
    host, port, is_plain = _host(one.take("url", str), one.name("url"))
    bills = tuple(_host(text, one.name("bills"))[:2] for text in one.texts("bills", 4, ()))
    return HttpDoor(adapter, Place(host, port, is_plain, (*bills, *more), one.take("ca", str, "")))


def _host(url: str, where: str) -> tuple[str, int, bool]:
    """https, or http on this machine: an emulator's."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    is_plain = parts.scheme == "http" and host in ("127.0.0.1", "localhost", "::1")
    if not host or not (is_plain or parts.scheme == "https"):
        said = Text("应为 https 地址，或本机的 http 地址", "must be an https URL, or an http URL of this machine")
        raise ConfigFault(f"{where}: {said}")
    return host, port or (80 if is_plain else 443), is_plain


def _own(one: Section, keys: Path) -> OwnKey:
    until_s = _until(one.take("until", str, ""), one.name("until"))
    return read_own(one.take("serial", str, ""), _private(keys / _name(one, "key"), _KEY_MAX), until_s)


def _platform(one: Section, keys: Path) -> PlatformKeys:
    return PlatformKeys([_platform_key(row, keys) for row in one.rows("platform", 8)])


def _platform_key(row: Section, keys: Path) -> Any:  # noqa: ANN401  # one of PlatformKeys
    until_s = _until(row.take("until", str, ""), row.name("until"))
    start = row.take("from", str, "")
    from_s = _until(start, row.name("from")) if start else 0
    found = read_platform(row.take("serial", str), _private(keys / _name(row, "key"), _KEY_MAX), until_s, from_s)
    row.done()
    return found


def _name(one: Section, key: str) -> str:
    """A file of the folder of keys, and of no other."""
    name: str = one.take(key, str)
    if Path(name).name != name or name.startswith("."):
        raise ConfigFault(f"{one.name(key)}: {Text('应为文件名', 'must be the name of a file')}")
    return name


def _private(file: Path, most: int) -> bytes:
    try:
        return read_private(file, most)
    except OSError as fault:
        raise ConfigFault(Text(f"{file.name}: 无法读取", f"{file.name}: cannot be read")) from fault
