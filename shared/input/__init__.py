"""What people write in settings, tables and command lines, read by one rule each; and tables that they are given."""
