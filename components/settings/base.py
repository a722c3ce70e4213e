"""What all settings models share: frozen, no unknown keys, one word picks the kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, ClassVar, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

from components.settings.problems import words

#: A TCP port.
Port = Annotated[int, Field(ge=1, le=65535)]

#: A name that Kubernetes accepts for almost every object (RFC 1123 label).
KubeName = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]

#: A key of the stack file that names of objects are made from, a suffix behind it.
Key = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,48}[a-z0-9])?$")]

#: A stack's name in the cluster: with `portico-` before it and a chart's name behind it, Helm takes 53 characters.
StackName = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,29}[a-z0-9])?$")]


class Base(BaseModel):
    """A part of the stack file: immutable, and an unknown key is an error that names the allowed ones."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="wrap")
    @classmethod
    def _name_allowed_keys(cls, data: Any, handler: Any) -> Self:
        """Adds the allowed keys to each `extra_forbidden` of this model; pydantic does not name them."""
        try:
            result: Self = handler(data)
        except ValidationError as error:
            raise ValidationError.from_exception_data(
                error.title, [cls._detail(item) for item in error.errors(include_url=False)], hide_input=True
            ) from None
        return result

    @classmethod
    def _detail(cls, item: Any) -> InitErrorDetails:
        context: dict[str, Any] = dict(item.get("ctx", {}))
        loc: tuple[int | str, ...] = item["loc"]
        if item["type"] == "extra_forbidden" and len(loc) == 1 and not context:
            context = {"given": str(loc[0]), "allowed": cls.keys()}
        # A custom error keeps its type, so that the models around this one and the translation know it again.
        kind = PydanticCustomError(item["type"], item["msg"], context or None)
        return InitErrorDetails(type=kind, loc=loc, input=item.get("input"))

    @classmethod
    def keys(cls) -> list[str]:
        """The keys as they are written in the stack file."""
        return [field.alias or name for name, field in cls.model_fields.items()]


class OneOf(Base):
    """Settings of which exactly one kind is chosen: the key present picks it, its options hang under it."""

    #: What is being chosen, for messages: "a cluster".
    what: ClassVar[str]

    @model_validator(mode="before")
    @classmethod
    def _exactly_one(cls, data: Any) -> Any:
        kinds = cls.keys()
        if isinstance(data, str) and data in kinds:
            data = {data: {}}
        if not isinstance(data, Mapping):
            raise ValueError(f"must say which kind of {cls.what} it is: one of {words(kinds)}")
        # `traefik:` with nothing behind it means all defaults, as in any YAML that people write.
        data = {key: {} if value is None and key in kinds else value for key, value in data.items()}
        chosen = [key for key in data if key in kinds]
        unknown = [key for key in data if key not in kinds]
        if len(chosen) > 1 or (not chosen and not unknown):
            got = " and ".join(chosen) if chosen else "none"
            raise ValueError(f"must name exactly one kind of {cls.what}, got {got}; allowed here: {words(kinds)}")
        return data

    @cached_property
    def kind(self) -> str:
        """The word that was chosen."""
        return next(name for name in type(self).model_fields if getattr(self, name) is not None)

    @property
    def chosen(self) -> Any:
        """The options of the chosen kind."""
        return getattr(self, self.kind)


def secret_fields(model: type[BaseModel]) -> set[str]:
    """Names of all fields, at any depth, that hold a secret."""
    found: set[str] = set()
    for name, field in model.model_fields.items():
        for part in _types(field.annotation):
            if part is SecretStr:
                found.add(field.alias or name)
            elif isinstance(part, type) and issubclass(part, BaseModel):
                found |= secret_fields(part)
    return found


def _types(annotation: Any) -> Iterator[Any]:
    """The types that an annotation is made of: those of `dict[str, Site] | None` are str, Site and NoneType."""
    arguments = get_args(annotation)
    if not arguments:
        yield annotation
    for argument in arguments:
        yield from _types(argument)
