"""Exporting to Core ML: the converter, and what brings its graph to fewer bits."""
