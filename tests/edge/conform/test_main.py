"""The command: wrong use is said in one line and ends with 2; nothing of the key is printed."""

import asyncio
import json
import socket

import pytest

from edge.conform.__main__ import main
from edge.conform.options import open_link
from edge.conform.options import parse as read
from edge.conform.subject import parse
from edge.link.tcp.door import HAS_PSK, Psk, TlsClient
from edge.link.tcp.link import TcpTerminalLink
from shared.errors import ConfigFault
from shared.keys.terminal_psk import psk_identity, terminal_psk
from tests.edge.conform.plain import DEVICE, KEY
from tests.edge.link.waiting import until
from tests.patience import PATIENCE_S

GOOD = {"device": DEVICE.hex(), "key": KEY.hex()}


@pytest.fixture
def file(tmp_path):
    (tmp_path / "mine.json").write_text(json.dumps(GOOD), encoding="utf-8")
    return tmp_path / "mine.json"


@pytest.mark.parametrize(
    "words",
    [("--tcp", "70000"), ("--tcp", "x"), ("--tcp", "0", "--tap-wait", "0"), ("--can", "can0"), ("--rs485", "/dev/x"),
     ("--tcp", "0", "--json", "/nowhere/report.json"), ()],
    ids=" ".join,
)  # fmt: skip
def test_wrong_use_ends_with_2(file, capsys, words):
    try:
        code = main(["terminal", "--terminal", str(file), *words])
    except SystemExit as ended:
        code = ended.code
    assert code == 2
    assert KEY.hex() not in "".join(capsys.readouterr())


def test_a_port_that_is_taken_is_said(file, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["terminal", "--terminal", str(file), "--tcp", str(port)]) == 2
    assert str(port) in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changed", "named"),
    [({"key": "00"}, "key"), ({"device": "zz"}, "device"), ({"adress": 3}, "adress"), ({"address": 224}, "address"),
     ({"campus_seed": "00"}, "campus_seed")],
    ids=str,
)  # fmt: skip
def test_a_bad_file_is_named_by_its_key_and_never_by_its_value(changed, named):
    with pytest.raises(ConfigFault, match=named) as fault:
        parse(GOOD | changed)
    assert KEY.hex() not in str(fault.value)


def test_a_subject_does_not_show_its_keys():
    subject = parse(GOOD | {"campus_seed": "11" * 32})
    assert KEY.hex() not in repr(subject)
    assert repr(bytes.fromhex("11" * 32)) not in repr(subject)
    assert repr(KEY) not in repr(subject)


@pytest.mark.skipif(not HAS_PSK, reason="this Python has no TLS-PSK")
def test_a_terminal_may_call_by_tls(file):
    """The bench takes it by the key that its file tells, and one without TLS as well."""

    async def story():
        subject = parse(GOOD)
        link = open_link(read(["terminal", "--terminal", str(file), "--tcp", "0"]), subject)
        heard = []
        link.on_message(lambda _peer, message: heard.append(message))
        serving = asyncio.create_task(link.run())
        psk = Psk(psk_identity(subject.device), terminal_psk(subject.key, subject.device))
        for said, tls in ((b"sealed", TlsClient(psk)), (b"plain", None)):
            terminal = TcpTerminalLink("127.0.0.1", await link.port(), tls=tls)
            terminal.on_message(lambda _message: None)
            came = asyncio.Event()
            terminal.on_wire(lambda _there, came=came: came.set())
            calling = asyncio.create_task(terminal.run())
            await came.wait()
            assert await terminal.send(said)
            await until(lambda said=said: said in heard)
            calling.cancel()
            await asyncio.gather(calling, return_exceptions=True)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    asyncio.run(asyncio.wait_for(story(), PATIENCE_S))
