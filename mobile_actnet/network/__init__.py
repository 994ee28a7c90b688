"""The network: what it is made of, in torch, and the checkpoint that keeps it."""
