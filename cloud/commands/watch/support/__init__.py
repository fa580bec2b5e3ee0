"""What is wrong with a server, in words, with the next step: read and asked, never changed, whatever of it is dead."""
