"""The matching itself, in plain Python: no database, no framework, no clock."""
