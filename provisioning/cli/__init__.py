"""`python -m provisioning …`: one module per family of commands."""
