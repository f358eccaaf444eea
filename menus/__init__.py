"""What is said: every word on screens and in SMS, the alphabet it must fit, and how pages are cut."""
