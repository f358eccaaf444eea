"""What people write by SMS, read as commands, and what a screen says when it is told by SMS. Pure."""
