"""The data of each released schema, as a backup of that day would hold it, for the way up from there."""
