"""Ways out, each in a thread of its own: one that hangs holds no other."""

import asyncio
import socket
from contextlib import closing
from pathlib import Path

from cloud.emulators.smsc import SmscEmulator
from cloud.watch import app
from cloud.watch.notify import queue
from cloud.watch.notify.queue import Message, State
from cloud.watch.notify.terms import Channel, Why
from cloud.watch.store import WatchStore, open_watch
from tests.patience import PATIENCE_S

FILE = """[mail]
host = "127.0.0.1"
port = {mail}
sender = "a@example.com"
starttls = false
[sms]
kind = "smpp"
host = "127.0.0.1"
port = {sms}
source = "1"
system_id = "y"
password = ""
tls = false
"""


def states(store: WatchStore) -> dict[Channel, State]:
    with store.db.reading():
        return {one.channel: one.state for one in queue.messages(store.db, 10)}


async def sends(folder: Path, store: WatchStore, mute: socket.socket) -> None:
    """Until the SMS has arrived; then mail is let go."""
    stop = asyncio.Event()
    with app._ways(folder) as sendings:
        running = [asyncio.create_task(app._sendings(sending, pool, stop)) for sending, pool in sendings]
        async with asyncio.timeout(PATIENCE_S):
            while states(store)[Channel.SMS] is not State.ARRIVED:  # noqa: ASYNC110  # another thread writes it
                await asyncio.sleep(0.05)
        assert states(store)[Channel.MAIL] is State.WAITING
        stop.set()
        mute.close()
        await asyncio.gather(*running)


def test_a_mail_server_that_says_nothing_holds_no_sms(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute, SmscEmulator() as smsc:
        file = tmp_path / "channels.toml"
        file.write_text(FILE.format(mail=mute.getsockname()[1], sms=smsc.port), encoding="utf-8")
        file.chmod(0o600)
        with closing(open_watch(tmp_path)) as store:
            with store.db.writing():
                for channel, to in ((Channel.MAIL, "w@example.com"), (Channel.SMS, "13800138000")):
                    queue.put(store.db, Message(0, 0, "王芳", channel, to, Why.CALL, (), "x", "x"))
            asyncio.run(sends(tmp_path, store, mute))
