"""People and the proof that they are who they say: PINs, codes, staff, identity."""

from datetime import date
from typing import Literal

from pydantic import Field, SecretStr

from gateway.config.section import Section


class Pins(Section):
    pepper: SecretStr = SecretStr("")
    """Keys the PIN hashes; keep it outside the database and its backups."""
    tries: int = Field(3, ge=1, le=10)
    lock_minutes: int = Field(30, ge=1)
    view: bool = True
    """Ask the PIN before balances and loans are shown."""
    memory_kib: int = Field(19456, ge=8192)
    time_cost: int = Field(2, ge=1)
    threads: int = Field(2, ge=1, le=64)
    """Hashes computed at once, off the event loop."""


class Numbers(Section):
    """Other people's phone numbers."""

    lookups_a_day: int = Field(10, ge=0)
    """How many of them somebody may try, a day: to send, to pay for another, to ask a person, to name a guarantor."""


class Approvals(Section):
    """What staff decide about."""

    officer_limit: int = Field(50_000, ge=0)
    """Above this amount, in shillings, a second officer decides too."""


class Accounts(Section):
    """What people change about their own account, and what staff change for them."""

    cool_down_hours: int = Field(72, ge=0)
    """How long no money leaves after a new line or a PIN reset."""
    reset_hours: int = Field(24, ge=1)
    """How long after a reset a new PIN may be chosen on the phone."""
    code_minutes: int = Field(5, ge=1, le=60)
    """How long a code sent by SMS is good."""
    mail_code_minutes: int = Field(60, ge=1)
    """How long a code sent by e-mail is good."""
    code_tries: int = Field(3, ge=1, le=10)
    codes_a_day: int = Field(5, ge=1)
    """How often somebody may ask for codes of one purpose, a day."""
    forgot_tries_a_day: int = Field(3, ge=0)
    """How often somebody may prove themselves for a new PIN, a day; 0: only staff reset one."""
    linked_lines: int = Field(2, ge=1, le=5)
    """How many other phones may pay for one customer."""
    forgot_sim_days: int = Field(7, ge=0)
    """For so long after a SIM change, where one is known of, nobody gets a new PIN on the phone."""


class Staff(Section):
    """How much an officer may do."""

    look_ups_a_day: int = Field(200, ge=0)
    """How many customers one officer may look up, a day."""
    prompts_a_day: int = Field(100, ge=0)
    """How many payments one officer may ask for, a day."""
    prompts_a_day_each: int = Field(3, ge=0)
    """How often staff may ask one customer for a payment, a day."""
    prompt_notice_seconds: float = Field(10.0, ge=0)
    """Between the SMS that names who asks and the prompt."""
    prompt_minutes: int = Field(30, ge=1)
    """A prompt that could not be sent by then is not sent any more."""
    line_hours: int = Field(24, ge=1)
    """How long a lost line waits for the second person."""


class Desk(Section):
    """Cases and operations that people have to look at."""

    phone: str = ""
    """Who is told by SMS (E.164) that cases are overdue; empty: nobody."""
    email: str = ""
    """Who is told by e-mail; empty: nobody. Needs `mail`."""
    look_minutes: int = Field(60, ge=1, le=1440)
    """How often it is looked what is overdue and what has been in doubt for too long."""
    doubt_hours: float = Field(6.0, gt=0)
    """An operation that is in doubt, parked or dead for so long opens a case."""
    unpaid_minutes: int = Field(60, ge=5)
    """After so long without an answer of the rail two people may say that there was no payment."""
    second_hours: int = Field(24, ge=1)
    """How long what somebody proposes waits for the second person."""


class Identity(Section):
    """Who tells us that people are who they say, and since when their SIM is theirs."""

    source: Literal["none", "standin"] = "none"
    """`none`: nobody is asked. `standin`: answers from the two lists below, for trying things out."""
    verified_tier: int = Field(2, ge=1, le=3)
    """The tier of somebody whose ID number and name the registry confirms."""
    people: dict[str, str] = Field({})
    """What the stand-in knows: ID number and name."""
    sim_changes: dict[str, date] = Field({})
    """What the stand-in knows: line (E.164) and the day it got another SIM."""
