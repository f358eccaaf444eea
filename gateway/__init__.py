"""What is done: callbacks in, turns taken once, operations kept, money moved and booked."""
