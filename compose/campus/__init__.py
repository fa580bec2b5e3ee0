"""`./ykt up`: a campus planned, opened, run, closed and summed up."""
