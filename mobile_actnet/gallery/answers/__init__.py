"""Answers: which hits count as an answer, and from which score on."""
