"""Building a dataset: the listing, the cluster, its actors, and the one that commits."""
