"""What may be asked of the list by mail: one file for each command."""
