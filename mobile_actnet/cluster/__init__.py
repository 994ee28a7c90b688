"""Catalogues that outgrow one machine: described on a Ray cluster, kept and searched as Lance."""

import os
import warnings

# All are read where the libraries are first imported, here and in the processes of a cluster.
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ.setdefault("LANCE_LOG", "error")
warnings.filterwarnings("ignore", "lance is not fork-safe", UserWarning)
