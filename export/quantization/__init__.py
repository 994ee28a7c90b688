"""Quantisation: which tensor has which range, and kernels that bear 8 bits."""
