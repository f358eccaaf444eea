"""One timeline of what became of an intention, and the evidence for what we believe of it."""
