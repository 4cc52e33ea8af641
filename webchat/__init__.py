"""Web chat: visitors of a site talk to the same agents as everybody else."""
