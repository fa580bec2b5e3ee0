"""A series from wherever it is kept: the store that is set, or else the rings."""

from cloud.store.db import Database
from cloud.watch.metrics.plain import ask
from cloud.watch.metrics.queries import Span, from_influxql, from_promql, influxql, promql
from cloud.watch.metrics.rings import Dots, ring
from cloud.watch.metrics.settings import MetricStore, Speech


def series(store: MetricStore | None, db: Database, name: str, span: Span) -> Dots:
    """Of each tag its dots. MetricsAway: the store is; then nothing is known, and nothing is 0."""
    if store is None:
        with db.reading():
            return ring(db, name, *span)
    if store.speech is Speech.PROMQL:
        question = promql(name, span)
        return from_promql(name, ask(store, *question), span.step_s)
    question = influxql(name, span, store.bucket)
    return from_influxql(name, ask(store, *question))
