"""Benchmarks: how fast an artefact is, next to what, and how sure that is."""
