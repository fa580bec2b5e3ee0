"""The command line's verbs: what each is for, its options, and which command runs it."""
