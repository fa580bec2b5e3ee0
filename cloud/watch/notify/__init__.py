"""Who is told of an alarm, when, by which way, and whether it arrived: routes, duty, escalation, a durable queue.

What decides is pure; the queue lies in the watch's file, written in the transaction that raised the alarm.
"""
