"""Tasks: what a whole job costs, such as indexing a folder or searching a gallery."""
