"""Exporting to ONNX: the converter, and what brings its graph to fewer bits."""
