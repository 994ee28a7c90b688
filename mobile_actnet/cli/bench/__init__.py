"""`actnet bench`: what is measured, one subcommand each."""
