"""Formats: converting the graph to a file and bringing it to fewer bits, one format each."""
