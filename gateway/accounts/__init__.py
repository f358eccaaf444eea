"""What people change about their account and what staff change for them: codes, lines, PIN resets, prompts, records."""
