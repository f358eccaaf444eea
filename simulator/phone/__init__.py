"""A feature phone in the terminal: keys, SMS, M-PESA prompts; or, headless, a dialogue played from a file."""

from simulator.phone.launch import main

__all__ = ["main"]
