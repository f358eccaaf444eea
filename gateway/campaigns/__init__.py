"""One text to many people: brought as a table, shown with its price, agreed to by a second person, sent at a pace."""
