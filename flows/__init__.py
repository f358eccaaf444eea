"""What is decided in a conversation: pure tables and functions, no clock, chance, network or storage."""
