"""The browser console: Flask pages, their frame and words, and what streams to them."""
