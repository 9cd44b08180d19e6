"""What all sections of the settings have in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(gt=0, le=86_400)]


class Section(BaseModel):
    """A section; a name that it does not know is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True)
