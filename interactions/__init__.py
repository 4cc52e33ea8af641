"""Where a conversation meets a task: opening, handing over, following what becomes of it."""
