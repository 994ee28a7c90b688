"""The C engine: resizing, local features and their comparison, compiled from the apps' own source."""
