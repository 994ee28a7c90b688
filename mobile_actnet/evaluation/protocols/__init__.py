"""The named retrieval protocols, and their ground truth."""
