"""What a person is asked to decide about somebody else's request, and what they answered."""
