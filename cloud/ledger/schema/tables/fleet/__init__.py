"""Documents, jobs, parameters and releases, and whom they go to."""
