"""The base of every request body: unknown fields are refused, so nobody assigns what was not offered."""

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """A request body refuses fields it does not know."""

    model_config = ConfigDict(extra="forbid")
