"""What is kept of alarms beside themselves: planned work, times of flood, and the figures that follow from all of it.

Inside of transactions of the watch's file.
"""
