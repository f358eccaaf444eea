"""How the schema came to be, one revision per change. What has been released is never edited."""
