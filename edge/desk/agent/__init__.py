"""The desk's agent 代理: asks the console what to do, does it on this desk's reader, says what became of it."""
