"""What a person may ask of us: a copy of all that we hold, or that it be erased; and how long we keep it."""
