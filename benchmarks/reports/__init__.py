"""Reports: what was measured as JSON, as tables and as pictures."""
