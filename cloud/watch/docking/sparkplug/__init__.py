"""Sparkplug B 3.0, both ways: a host that strangers' devices dock at, a node that shows ours to strangers.

All of it is pure: bytes, topics and the time come in, values and what is to be published go out.
"""
