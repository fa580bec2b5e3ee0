"""Docking by Sparkplug B 3.0, both ways: a host that strangers' devices dock at, a node that shows ours to strangers.

All of it is pure: bytes, topics and the time come in, values and what is to be published go out. Nothing here is about
money, and nothing about money may rest on it: the standard knows no acknowledgement, no record and no key of one.
"""
