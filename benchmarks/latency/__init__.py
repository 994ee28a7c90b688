"""Latency: networks timed in turn on this machine, and how sure a ratio is."""
