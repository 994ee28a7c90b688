"""The graph: the network as a module made for export, its head lowered."""
