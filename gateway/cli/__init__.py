"""The subcommands of `nyota` that are a group of their own. Each imports what it runs, when it runs."""
