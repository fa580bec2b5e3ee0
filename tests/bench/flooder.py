"""A box that floods a lane with all it has, a process of its own: `python -m tests.bench.flooder PORT FOLDER LANE QOS`.

Says READY when it is connected, floods until its standard input closes, then says how much it was and what it cost.
"""

import json
import ssl
import sys
import threading
import time
from pathlib import Path

from shared.ids import DeviceId, partition_of
from shared.wire.messages import DeviceStatus, encode_now
from shared.wire.topics import topic
from tests.attack.mqtt_bytes import Client, packet, text

PUBLISH = 3
WINDOW = 200
"""What goes off at once; of QoS 1 half of what the broker lets a client have without PUBACK."""


def main() -> None:
    """Flood."""
    port, folder, lane, qos = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    context.load_cert_chain(folder / "box.pem", folder / "box.key")
    box = json.loads((folder / "edge.json").read_text(encoding="utf-8"))["box"]
    head = text(topic(partition_of(box), box, lane))
    payload = encode_now(DeviceStatus(DeviceId(bytes(6)), (), 1, 1, 9, True, 1, 1))
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    began_s, sent = time.monotonic(), 0
    with Client(port, box, tls=context) as client:
        sys.stdout.write("READY flooder\n")
        sys.stdout.flush()
        while not over.is_set():
            numbers = (n.to_bytes(2, "big") if qos else b"" for n in range(1, WINDOW + 1))
            client.throw(b"".join(packet(PUBLISH, qos << 1, head + n + b"\0" + payload) for n in numbers))
            sent += WINDOW
            if qos:
                client.ping()  # answered behind all PUBACKs
    figures = {"sent": sent, "seconds": time.monotonic() - began_s, "cpu_s": time.process_time()}
    sys.stdout.write(f"{json.dumps(figures)}\n")


if __name__ == "__main__":
    main()
