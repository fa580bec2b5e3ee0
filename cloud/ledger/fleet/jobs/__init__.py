"""Jobs 任务: one order to many terminals, a row for each, and which hop has answered for it."""
