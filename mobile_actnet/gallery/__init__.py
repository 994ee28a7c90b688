"""Galleries: described photo collections, how they are built and searched."""
