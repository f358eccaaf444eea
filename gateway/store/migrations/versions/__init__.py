"""The revisions, oldest first by name. The only way back from one is a backup: money is not undone by DDL."""
