"""The campus's parameter file: read, checked, resolved for each terminal, and told apart from another one. Pure."""
