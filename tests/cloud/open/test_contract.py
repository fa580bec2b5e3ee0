"""The published document against the running service: by schemathesis, and by a client that a generator made of it."""

import importlib
import ssl
import subprocess
from pathlib import Path

import pytest

from compose.place import ROOT
from tests.cloud.open.made import LONG_S, beside, make_client
from tests.cloud.open.platform import Platform, admitted

pytestmark = pytest.mark.process
DOCUMENT = ROOT / "docs" / "api" / "open.json"
SEED, FEW, MANY = 1, 2, 60


@pytest.mark.parametrize(
    ("phases", "examples"),
    [("fuzzing", FEW), pytest.param("examples,coverage,fuzzing,stateful", MANY, marks=pytest.mark.large)],
)  # fmt: skip
def test_every_answer_is_as_it_is_written(platform: Platform, tmp_path: Path, phases: str, examples: int) -> None:
    """The same examples each time."""
    _, key = admitted(platform)
    words = (
        beside("schemathesis"), "run", str(DOCUMENT), "--url", f"https://127.0.0.1:{platform.port}",
        "-H", f"Authorization: Bearer {key}", "--tls-verify", str(platform.ca), "--seed", str(SEED),
        "--phases", phases, "--max-examples", str(examples), "--generation-database", "none", "--warnings", "off",
        "--continue-on-failure", "--no-shrink",
    )  # fmt: skip
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=LONG_S, check=False)
    assert done.returncode == 0, done.stdout[-6000:]


def test_a_generated_client_makes_has_paid_and_gives_back(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_client(DOCUMENT, tmp_path, "made_client")
    monkeypatch.syspath_prepend(str(tmp_path))
    client = importlib.import_module("made_client").AuthenticatedClient(
        base_url=f"https://127.0.0.1:{platform.port}",
        token=admitted(platform)[1],
        verify_ssl=ssl.create_default_context(cafile=platform.ca),
    )
    pay, models = importlib.import_module("made_client.api.pay"), importlib.import_module("made_client.models")
    calls = {name: importlib.import_module(f"{pay.__name__}.{name}") for name in ("create_order", "sandbox_pay")}
    refund = importlib.import_module("made_client.api.refund.refund_payment")
    with client:
        order = calls["create_order"].sync(
            client=client, body=models.CreateOrderBody(fen=1250, note="x"), idempotency_key="o1"
        )
        moved = calls["sandbox_pay"].sync(
            order.order, client=client, body=models.SandboxPayBody(fen=1250), idempotency_key="p1"
        )
        back = refund.sync(
            moved.payment, client=client, body=models.RefundPaymentBody(fen=250, reason="x"), idempotency_key="r1"
        )
        assert (order.fen, moved.fen, back.fen) == (1250, 1250, 250)
        again = refund.sync(
            moved.payment, client=client, body=models.RefundPaymentBody(fen=251, reason="x"), idempotency_key="r1"
        )
        assert again.code == "key-reused"
