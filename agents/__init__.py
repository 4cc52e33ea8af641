"""Workers, their activities and their capacity."""
