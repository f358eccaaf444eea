"""What customers owe the house beside any loan: money that left for them and that their wallet no longer covered."""
