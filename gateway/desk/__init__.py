"""The operators' hand: what people may do to operations, and the cases that people answer."""
