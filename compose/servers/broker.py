"""The embedded broker as one small process: `python -m compose.servers.broker --port N`.

Listens for MQTT 5 on loopback only, because it knows neither rights nor certificates; with `--login FILE` it accepts
nobody but who knows that user and password. Says `READY port=N` when it accepts connections, and ends when its standard
input closes. The one door to iotcore.
"""

import logging
import os
import socket
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

from iotcore import IotCoreBroker

from compose.place import keep_private
from compose.servers.render import render, write_private
from shared.errors import ConfigFault
from shared.input.command_line import Parser
from shared.input.login import LOGIN_HELP, Login, read_login
from shared.words.voice import Text, speak, wanted

MAX_PAYLOAD_BYTES = 1 << 20
LISTEN_S = 10.0
POLL_S = 0.02


def main() -> None:
    """Serve until standard input closes."""
    parser = Parser(prog="python -m compose.servers.broker", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--login", type=Path, metavar="FILE", help=LOGIN_HELP)
    options = parser.parse_args()
    port = options.port
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)  # it calls every packet an error
    try:
        broker = _broker(port, read_login(options.login))
    except ConfigFault as fault:
        sys.exit(f"{fault}")
    # the Rust broker knows no shutdown and keeps this thread; the other one watches the launcher
    threading.Thread(target=_attend, args=(port,), name="attend", daemon=True).start()
    broker.run_forever()


def _broker(port: int, login: Login | None) -> IotCoreBroker:
    text = render("iotcore.toml", port=port, max_payload=MAX_PAYLOAD_BYTES) + _auth(login)
    with tempfile.TemporaryDirectory() as folder:
        broker = IotCoreBroker(config_path=str(write_private(Path(folder) / "iotcore.toml", text)))
    broker.check_ports()
    return broker


def _auth(login: Login | None) -> str:
    """Who may connect, as the broker's configuration has it; without a login everybody on this machine."""
    if login is None:
        return ""
    return render("iotcore-login.toml", user=login.user, password=login.password)


def _attend(port: int) -> None:
    if not _listens(port):
        sys.stderr.write(f"{Text(f'端口 {port} 未能监听', f'not listening on port {port}')}\n")
        os._exit(1)
    send_at_once(port)
    sys.stdout.write(f"READY port={port}\n")
    sys.stdout.flush()
    sys.stdin.buffer.read()
    os._exit(0)  # nothing to save: it is in memory only


def _listens(port: int) -> bool:
    last = time.monotonic() + LISTEN_S
    while time.monotonic() < last:
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
        except OSError:
            time.sleep(POLL_S)
        else:
            return True
    return False


def send_at_once(port: int) -> None:
    """TCP_NODELAY, which the broker cannot be told to set: what it sends after a PUBACK would wait 40 ms for a TCP ACK.

    On Linux a connection inherits it from the socket that listens, so that one is looked up among our own.
    """
    for name in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            if name.readlink().name.startswith("socket:"):
                _set_no_delay(os.dup(int(name.name)), port)


def _set_no_delay(fd: int, port: int) -> None:
    with socket.socket(fileno=fd) as found:
        listens = found.family == socket.AF_INET and found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        if listens and found.getsockname()[1] == port:
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)



if __name__ == "__main__":
    keep_private()
    speak(wanted(sys.argv[1:], os.environ))
    main()
