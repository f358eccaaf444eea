"""Hours in which nobody wants to be written to without need. Pure; local time."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta


@dataclass(frozen=True, slots=True)
class Quiet:
    """From one time of the day until another, over midnight or not; equal times: never."""

    start: time
    end: time

    def holds_at(self, moment: datetime) -> bool:
        now = moment.time()
        if self.start <= self.end:
            return self.start <= now < self.end
        return now >= self.start or now < self.end

    def ends_after(self, moment: datetime) -> timedelta:
        """How long it still lasts; nothing outside of it."""
        if not self.holds_at(moment):
            return timedelta()
        end = datetime.combine(moment.date(), self.end, moment.tzinfo)
        return (end if end > moment else end + timedelta(days=1)) - moment
