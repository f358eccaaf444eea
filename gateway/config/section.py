"""What every section of the configuration is made of."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, RootModel

Port = Annotated[int, Field(ge=0, le=65535)]
Positive = Annotated[float, Field(gt=0)]
Cents = Annotated[int, Field(ge=0)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Block(RootModel[dict[str, Any]]):
    """What a file of its own reads later: until then nobody knows which of it is secret, so nothing of it is shown."""

    model_config = ConfigDict(frozen=True)

    def __repr__(self) -> str:
        return f"Block({', '.join(sorted(self.root))})"

    __str__ = __repr__
