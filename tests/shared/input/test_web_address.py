"""The console's public address: https and a host, and nothing that could lead elsewhere."""

import pytest

from shared.errors import ConfigFault
from shared.input.web_address import web_address


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("", ""),
        ("https://ykt.example.edu", "https://ykt.example.edu"),
        ("https://ykt.example.edu:8443/", "https://ykt.example.edu:8443"),
        ("https://[::1]:8443", "https://[::1]:8443"),
    ],
)
def test_a_good_one_is_kept_without_its_slash(given: str, address: str) -> None:
    assert web_address(given, "x") == address


@pytest.mark.parametrize(
    "given",
    [
        "http://ykt.example.edu", "ykt.example.edu", "https://", "https:///a", "https://a.example/console",
        "https://a.example?x", "https://a.example#x", "https://me:secret@a.example", "https://a.example:0",
        "https://a.example:99999", "https://a.example:x", "https://校园.example", "https://a b.example",
        "https://a.example\\@b.example", "https://a.example\n", "javascript://a.example", "https://" + "a" * 60,
    ],
)  # fmt: skip
def test_what_is_none_is_refused_and_not_repeated(given: str) -> None:
    with pytest.raises(ConfigFault, match=r"console\.address: ") as refused:
        web_address(given, "console.address")
    assert given == "https://" or given not in str(refused.value)
