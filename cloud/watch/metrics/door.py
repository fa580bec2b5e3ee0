"""The one door to influxdb-client: /api/v2/write, which VictoriaMetrics and InfluxDB 2 and 3 take.

It is imported when there is a store to write to: its HTTP library opens a socket by being imported. Its own batching
and its retries stay off: both keep points where nobody counts them. The token is in no fault.
"""

from typing import cast

from cloud.watch.metrics.away import NEVER, MetricsAway
from cloud.watch.metrics.settings import MetricStore

ANSWER_S = 5.0
"""Longest that one step of a write may take."""


class V2Writer:
    """A connection is made when the first points go."""

    def __init__(self, store: MetricStore) -> None:
        from influxdb_client.client.influxdb_client import InfluxDBClient
        from influxdb_client.client.write_api import SYNCHRONOUS

        self._bucket, self._org = store.bucket, store.org
        client = InfluxDBClient(
            store.url, store.token, org=store.org, timeout=int(ANSWER_S * 1000), retries=False,
            ssl_ca_cert=store.ca or None,
        )  # fmt: skip
        self._api = client.write_api(write_options=SYNCHRONOUS)

    def write(self, lines: str) -> None:
        """MetricsAway."""
        from influxdb_client.client.exceptions import InfluxDBError
        from influxdb_client.domain.write_precision import WritePrecision
        from urllib3.exceptions import HTTPError

        precision = cast("WritePrecision", WritePrecision.MS)  # a text, whatever the library's own types say
        try:
            self._api.write(self._bucket, self._org, lines, write_precision=precision)
        except InfluxDBError as fault:
            status = fault.response.status if fault.response else 0
            raise MetricsAway(f"HTTP {status}", for_good=status in NEVER) from None
        except (HTTPError, OSError) as fault:
            raise MetricsAway(type(fault).__name__) from None
