"""The gallery's file: one SQLite database, its schema, its readers and its one writer."""
