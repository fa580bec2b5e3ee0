"""A terminal put together: files, field, link, what was shown."""
