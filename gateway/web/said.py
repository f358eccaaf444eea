"""Who says what at the desk: names as the record shall have them, and why, which is kept with it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class By(BaseModel):
    """`by` is who does it."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, str_strip_whitespace=True)
    by: str = Field(min_length=2, max_length=36)


class Said(By):
    why: str = Field(min_length=3, max_length=120)


class Second(By):
    """A second person's word about what another one has asked for."""

    decision: Literal["approve", "decline"] = "approve"
    why: str = Field("", max_length=40)
