"""Metrics: what the watch has read, as points for a time-series store, for rings of its own and for a page.

Nothing of it may hold up a turn: a store that is away costs points, which are counted, and an alarm.
"""
