"""Brings the configuration of a workspace of elsewhere here, by the same verbs that people use."""
