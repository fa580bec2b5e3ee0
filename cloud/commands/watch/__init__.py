"""Commands over what the watch keeps."""
