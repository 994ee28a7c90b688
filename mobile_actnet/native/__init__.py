"""The C engine: local features and their comparison, compiled from the apps' own source."""
