"""A counter to sell at by hand."""
