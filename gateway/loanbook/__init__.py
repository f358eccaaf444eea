"""The loan book as a whole: how late it is, and what of it is at risk."""
