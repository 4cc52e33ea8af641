"""Why routing decides as it does, for programs."""
