"""What stands behind the open platform's front, in the accounts service: applications, calls, events, what is due."""
