"""What arrived and what it is worth: values, verdicts, marks, days, grey records. Pure."""
