"""Defaults of galleries that commands show in their help; imports nothing heavy."""

NEARLY_THE_SAME = 0.95
"""Similarity from which two pictures count as nearly the same."""

SHORTLIST = 20
"""Pictures with the largest similarities that are compared with the photo."""

VERIFIED_FROM = 3.5
"""Certainty from which on a hit is an answer, where `index calibrate` has said nothing else."""

FIRST_VIEWS = 2
"""Views that are searched for first; the others only where these give no certain answer."""

FIRST_SHORTLIST = 5
"""Pictures that are compared after the first views."""

CERTAIN = 2.0
"""Times the certainty of an answer, from which on the first views are enough."""
