"""What rules look at beside plain readings: trends, meal periods, lines and lists, duty, marks that others leave.

Pure but for `marks`, `sign_ins` and `outside`, which read and write small files and post the watch's beat.
"""
