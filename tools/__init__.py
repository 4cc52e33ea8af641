"""Tools for working on the product itself; nothing here runs in production."""
