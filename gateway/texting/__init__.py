"""SMS as a way in: what people write is kept, read, and answered by SMS; money moves only with a one-time code."""
