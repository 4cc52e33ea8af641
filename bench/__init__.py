"""Measurements of the running product, each beside a floor that is measured in the same run."""
