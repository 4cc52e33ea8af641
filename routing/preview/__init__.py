"""What a workflow would do, before it does: who matches, what is wrong with it, what would change, a dry run."""
