"""What is wrong with a box, in words, with the next step: read and asked, never changed, also beside a running one."""
