"""Indexing: from a folder of photos to a gallery, in worker processes."""
