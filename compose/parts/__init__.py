"""A part as a process: started, watched, started again, ended; gone with the launcher."""
