"""A campus's plan: written, checked, held against the campus that stands, and carried into it."""
