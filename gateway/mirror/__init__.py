"""What we know of a remote core, with its age, and what was said to it."""
