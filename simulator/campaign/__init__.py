"""The fault campaign: real processes killed under real dialogues in a faulty world, and a judge over what is left.

    nyota campaign --seconds 60 --seed 7

A difference is printed with its seed, and its evidence is kept: the driver's diary, the report, both data
directories and the logs.
"""

from simulator.campaign.course import run
from simulator.campaign.stage import Servers

__all__ = ["Servers", "run"]
