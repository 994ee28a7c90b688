"""Defaults of galleries that commands show in their help; imports nothing heavy."""

NEARLY_THE_SAME = 0.95
"""Similarity from which two pictures count as nearly the same."""
