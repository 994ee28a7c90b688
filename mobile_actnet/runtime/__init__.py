"""Running an artefact: its format, its manifest, and what runs it on this machine."""
