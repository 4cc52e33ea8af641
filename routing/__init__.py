"""Tasks, queues, workflows and reservations: who gets which work, and when."""
