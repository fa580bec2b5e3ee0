"""Cards made: orders, work at machines, the office's count, personalisation command by command."""
