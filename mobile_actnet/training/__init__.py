"""Training: from a checkpoint and photos to a better checkpoint."""
