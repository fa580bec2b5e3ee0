"""One command each: what needs a key process or a database started beside a part, and what a shell completes."""
