"""Alarms: facts and signals become alarms by rules; alarms have the states of IEC 62682, each is one source's. Pure.

A rule says what it looks at, how grave it is and what a person should do; `watching` applies all of them to what
comes, one step at a time, and says what changed. Who reads and keeps stands beside, who tells in `notify`.
"""
