"""Who may: operators and their sessions, roles and what each may see and do, and the list of what was done."""
