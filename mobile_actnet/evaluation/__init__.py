"""Evaluation: how well a model finds the right picture, by named protocols."""
