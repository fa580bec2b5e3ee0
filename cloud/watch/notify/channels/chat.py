"""Messages to group chats (WeCom, DingTalk, Feishu and what else Apprise knows) by the library of that name.

It is an extra, `chat`: without it a message waits, and says so. An address of Apprise holds its key: it is in no fault
and no log, and the library's own logs are shut. It follows no redirect.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from cloud.watch.notify.channels.door import Awaited, ChannelFault, Given, Heard
from cloud.watch.notify.queue import Message
from cloud.watch.notify.terms import CHAT
from shared.errors import ConfigFault
from shared.words.voice import Text

WITHOUT_APPRISE = Text(
    "群聊通知需要 Apprise：pip install 'openykt[chat]'", "chats need Apprise: pip install 'openykt[chat]'"
)
URL_MAX = 1000
_LOGS = ("apprise", "urllib3", "requests_oauthlib")


class ExtraMissing(ConfigFault):
    """Happens when a chat is named and the library is not installed. It names the extra."""


@dataclass(frozen=True, slots=True)
class Chat:
    """One chat, by the address that Apprise knows it by."""

    url: str = field(repr=False)


class ChatDoor:
    """By name. The library waits at most some seconds for a server; a thread of its own is all that it can hold up."""

    def __init__(self, chats: Mapping[str, Chat]) -> None:
        self._chats = dict(chats)

    def send(self, message: Message) -> Given:
        """That it was taken is all that the library says."""
        chat = self._chats.get(message.address.removeprefix(CHAT))
        if chat is None:
            raise ChannelFault("no such chat in channels.toml", for_good=True)
        try:
            plugin = plugin_of(chat)
        except ConfigFault as fault:
            raise ChannelFault(str(fault), for_all=isinstance(fault, ExtraMissing)) from None
        if not _is_taken(plugin, message):
            raise ChannelFault("Apprise: not taken")
        return Given("Apprise")

    def check(self, name: str) -> None:
        """Would this chat be spoken to? ConfigFault, ExtraMissing; neither says its address."""
        if name in self._chats:
            plugin_of(self._chats[name])

    def heard(self, awaited: Awaited = tuple) -> Heard:  # noqa: ARG002  # the protocol's
        """What a chat answers is no answer to an alarm."""
        return ()


def plugin_of(chat: Chat) -> Any:  # noqa: ANN401  # a plug-in of the library's
    """What speaks to it. ConfigFault, which does not say the address: there is no such service, or it would follow
    redirects. ExtraMissing."""
    apprise = _library()
    asset = apprise.AppriseAsset(http_redirects=False, async_mode=False)
    plugin = apprise.Apprise.instantiate(chat.url, asset=asset)
    if plugin is None:
        raise ConfigFault(Text("url：Apprise 不认识", "url: none that Apprise knows"))
    if plugin.redirects:
        raise ConfigFault(Text("url：不得跟随重定向", "url: redirects are not to be followed"))
    return plugin


def _is_taken(plugin: Any, message: Message) -> bool:  # noqa: ANN401  # a plug-in of the library's
    try:
        return bool(plugin.notify(body=message.text, title=message.subject))
    except Exception as fault:  # noqa: BLE001  # a hundred strangers' plug-ins: what one raises may hold its address
        raise ChannelFault(f"Apprise: {type(fault).__name__}") from None


def _library() -> ModuleType:
    """Imported late: a school without chats needs it not."""
    for name in _LOGS:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        import apprise
    except ImportError as missing:
        raise ExtraMissing(WITHOUT_APPRISE) from missing
    found: ModuleType = apprise
    return found
