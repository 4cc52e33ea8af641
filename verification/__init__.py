"""One-time codes: whoever reads the code that we sent to a number has that number."""
