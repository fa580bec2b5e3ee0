"""Messages to a group chat by Apprise itself, to a loopback port; and without the library."""

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from cloud.watch.notify import queue
from cloud.watch.notify.channels.chat import Chat, ChatDoor, ExtraMissing, plugin_of
from cloud.watch.notify.channels.door import ChannelFault
from cloud.watch.notify.doors_file import FILE, read_doors, read_places
from cloud.watch.notify.queue import Message, State
from cloud.watch.notify.sending import Sending
from cloud.watch.notify.terms import Channel, Why
from cloud.watch.store import open_watch
from shared.errors import ConfigFault

KEY = "not-a-real-key-0123"
MESSAGE = Message(1, 0, "chat:duty", Channel.CHAT, "chat:duty", Why.CALL, (), "[校园] 紧急 报警", "网关失联\n第一食堂")


class _Server:
    """What the library posts to. answer: with which status; location: where it would send one."""

    def __init__(self) -> None:
        self.answer, self.location, self.posts = 200, "", []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.posts.append((self.path, json.loads(body)))
                self.send_response(302 if outer.location else outer.answer)
                if outer.location:
                    self.send_header("Location", outer.location)
                self.end_headers()

            def do_GET(self) -> None:
                outer.posts.append((self.path, None))
                self.send_error(405)

            def log_message(self, format: str, *_: Any) -> None:
                """Writes nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"json://127.0.0.1:{self.server.server_address[1]}/{KEY}"


@pytest.fixture
def server() -> Iterator[_Server]:
    made = _Server()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def test_a_chat_is_told_what_a_mail_says(server: _Server) -> None:
    assert ChatDoor({"duty": Chat(server.url)}).send(MESSAGE).receipt == "Apprise"
    ((path, said),) = server.posts
    assert (path, said["title"], said["message"]) == (f"/{KEY}", MESSAGE.subject, MESSAGE.text)


def test_what_is_not_taken_is_tried_later_and_no_key_is_told(
    server: _Server, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(0)
    server.answer = 500
    shown = []
    for url in (
        server.url,
        f"json://127.0.0.1:1/{KEY}",
        f"nothing://{KEY}",
        f"json://{KEY}:port/",
        server.url + "?redirect=yes",
    ):
        with pytest.raises(ChannelFault) as told:
            ChatDoor({"duty": Chat(url)}).send(MESSAGE)
        assert not told.value.for_good
        shown += [str(told.value), repr(told.value), repr(told.value.__cause__), repr(Chat(url))]
    seen = capfd.readouterr()
    assert KEY not in "".join([*shown, caplog.text, seen.out, seen.err])


def test_a_redirect_is_not_followed(server: _Server) -> None:
    server.location = server.url.replace("json", "http").replace(KEY, "elsewhere")
    with pytest.raises(ChannelFault):
        ChatDoor({"duty": Chat(server.url)}).send(MESSAGE)
    assert [path for path, _ in server.posts] == [f"/{KEY}"]


def test_an_address_that_wants_redirects_is_refused(server: _Server) -> None:
    chat = Chat(f"{server.url}?redirect=yes")
    for refused in (lambda: plugin_of(chat), lambda: ChatDoor({"duty": chat}).check("duty")):
        with pytest.raises(ConfigFault):
            refused()
    with pytest.raises(ChannelFault):
        ChatDoor({"duty": chat}).send(MESSAGE)
    assert server.posts == []


def test_a_chat_that_nobody_has_named_is_refused_for_good() -> None:
    with pytest.raises(ChannelFault) as told:
        ChatDoor({}).send(MESSAGE)
    assert told.value.for_good


def test_without_the_library_it_says_which_extra_and_the_message_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ExtraMissing, match=r"openykt\[chat\]"):
        plugin_of(Chat(f"json://127.0.0.1/{KEY}"))
    with closing(open_watch(tmp_path)) as store:
        with store.db.writing():
            queue.put(store.db, MESSAGE._replace(number=0))
        Sending(store.db, {Channel.CHAT: ChatDoor({"duty": Chat("json://127.0.0.1/")})}, lambda _: None).turn(0)
        with store.db.reading():
            (waiting,) = queue.messages(store.db, 10)
    assert (waiting.state, "openykt[chat]" in waiting.receipt) == (State.WAITING, True)


def _file(folder: Path, text: str) -> Path:
    file = folder / FILE
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    return folder


def test_chats_have_names_in_the_file_of_ways(tmp_path: Path) -> None:
    folder = _file(tmp_path, f'[chat.duty]\nkind = "apprise"\nurl = "wecombot://{KEY}"\n')
    assert isinstance(read_doors(folder)[Channel.CHAT], ChatDoor)
    assert read_places(folder) == {"chat:duty"}
    assert read_places(tmp_path / "nothing") == frozenset()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f'kind = "{KEY}"\nurl = "a://b"\n', "chat.duty.kind"),
        (f'kind = "apprise"\nurl = "{KEY}"\n', "chat.duty.url"),
        (f'kind = "apprise"\nurl = "a://{KEY}\\n"\n', "chat.duty.url"),
        (f'kind = "apprise"\nurl = "a://b"\nmore = "{KEY}"\n', "chat.duty.more"),
        ('kind = "apprise"\n', "chat.duty.url"),
    ],
)
def test_a_mistake_is_named_by_its_key_and_never_by_its_value(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigFault, match=f"^{said}: ") as told:
        read_doors(_file(tmp_path, "[chat.duty]\n" + text))
    assert KEY not in f"{told.value}"
