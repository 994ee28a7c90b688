"""What `actnet evaluate` writes beside the scores: plots, tables, a page of hits."""
