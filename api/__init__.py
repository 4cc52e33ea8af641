"""The REST surface for programs: bots hand conversations over, speak, and read."""
