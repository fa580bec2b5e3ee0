"""How server, services and devices are, as one tree with reasons, and how good the month was so far.

A core of values (`terms`, `judging`, `tree`, `words`, `goals`) that judges signals by the rules that make alarms; the
watch's file of what was up and down (`spells`); and the rim that asks with a bound (`asking`, `parts`, `gather`).
"""
