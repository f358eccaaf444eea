"""Other people's numbers: how many of them somebody may try, a day."""

from gateway.facts.numbers import LOOKUP, NumberFacts, looked_up
from gateway.feature import Feature, Tools


def feature(tools: Tools) -> Feature:
    facts = NumberFacts(tools.clock, a_day=tools.config.numbers.lookups_a_day)
    return Feature(instants={LOOKUP: looked_up}, readers=facts.readers())
