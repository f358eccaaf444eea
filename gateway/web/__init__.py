"""Thin HTTP handlers, one flat route table each: parse, hand over, write the answer."""
