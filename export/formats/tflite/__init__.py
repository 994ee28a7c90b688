"""Exporting to TFLite: the converter, and what brings its graph to fewer bits."""
