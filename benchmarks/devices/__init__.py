"""Devices: the same measured on a phone, and on ARM64 under emulation."""
