"""The commands: each module parses, makes one call of the library, and prints."""
