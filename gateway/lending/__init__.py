"""The arithmetic of loans: terms in; schedules, balances and quotes out. Pure: no I/O and no clock.

Money is integer cents at every edge and an exact fraction in between; a cell is rounded once and never again.
"""
