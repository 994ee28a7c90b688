"""Checks: an artefact beside PyTorch, before it gets its name and after."""
