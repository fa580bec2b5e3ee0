"""A way that the file of ways does not name: what is to go by it waits, says why, and goes by another in the end."""


from cloud.watch.notify.channels.door import Awaited, ChannelFault, Given, Heard
from cloud.watch.notify.queue import Message


class NowhereDoor:
    """Takes nothing, until the way is named and the watch begins anew."""

    def send(self, message: Message) -> Given:
        """ChannelFault."""
        raise ChannelFault(f"no [{message.channel}] in channels.toml", for_all=True)

    def heard(self, awaited: Awaited = tuple) -> Heard:  # noqa: ARG002  # the protocol's
        """Nothing."""
        return ()
