"""DATA/cloud/metrics.toml: read whole or refused with its key, private, and a token is in no repr."""

from pathlib import Path

import pytest

from cloud.watch.metrics.settings import FILE, Api, Speech, read_metric_store
from shared.errors import ConfigFault


def write(folder: Path, text: str, mode: int = 0o600) -> Path:
    (folder / FILE).write_text(text, encoding="utf-8")
    (folder / FILE).chmod(mode)
    return folder


def test_without_the_file_there_is_no_store(tmp_path: Path) -> None:
    assert read_metric_store(tmp_path) is None


def test_a_url_is_enough(tmp_path: Path) -> None:
    store = read_metric_store(write(tmp_path, 'url = "http://127.0.0.1:8428/"'))
    assert store is not None
    assert (store.url, store.place) == ("http://127.0.0.1:8428", ("http", "127.0.0.1", 8428))
    assert (store.api, store.speech, store.bucket) == (Api.V2, Speech.PROMQL, "openykt")


def test_an_old_influxdb_is_asked_in_its_own_language(tmp_path: Path) -> None:
    store = read_metric_store(write(tmp_path, 'url = "http://[::1]:8086"\napi = "v1"\ntoken = "ykt:not-a-secret"'))
    assert store is not None
    assert (store.speech, store.place[1]) == (Speech.INFLUXQL, "::1")
    assert "not-a-secret" not in repr(store)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('url = "ftp://a:1"', "url"), ('url = "http://a:99999"', "url"), ('url = "http://"', "url"),
        ('url = "http://u:p@a:1"', "url"), ('url = "http://a:1/x"', "url"), ('url = "http://a:0"', "url"),
        ('url = "http://a b:1"', "url"), ('url = "http://a:1"\ntoken = "t"', "https"),
        ('url = "http://a:1"\napi = "v3"', "api"), ('url = "http://a:1"\nask = "sql"', "ask"), ("", "url"),
        ('url = "http://a:1"\nmore = 1', "more"), ("url = secret-thing", "TOML"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_with_its_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigFault) as caught:
        read_metric_store(write(tmp_path, text))
    assert said in str(caught.value)
    assert "secret-thing" not in str(caught.value)


def test_what_others_may_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigFault, match="0600"):
        read_metric_store(write(tmp_path, 'url = "http://127.0.0.1:8428"', 0o644))
