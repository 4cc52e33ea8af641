"""What every view of the API shares: JSON in and out, a key, a scope."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar, cast

from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from accounts import policy
from api.parsers import JSONOnly, JSONParser
from kernel.actor import Actor

Shape = TypeVar("Shape", bound="Serializer[Any]")


class Scoped(BasePermission):
    """The key holds one of the scopes that the view names for the method; ``Forbidden`` names what it lacks."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        scopes: Sequence[str] = getattr(view, "scopes", {}).get(request.method, ())
        held = (policy.may(actor_of(request), scope) for scope in scopes)
        if scopes and not any(held):
            policy.require(actor_of(request), scopes[0])
        return True


class View(APIView):
    """``scopes`` lists, for each method, the scopes of which one must be held."""

    parser_classes = [JSONParser]
    renderer_classes = [JSONRenderer]
    content_negotiation_class = JSONOnly
    permission_classes = [Scoped]
    http_method_names = ["get", "head", "post"]
    scopes: ClassVar[Mapping[str, Sequence[str]]] = {}


def actor_of(request: Request) -> Actor:
    """Who acts in this request."""
    return cast(Actor, request.auth)


def body(request: Request, shape: type[Shape]) -> Shape:
    """The body, checked against its shape; raises ``ValidationError`` or ``ParseError``."""
    return _checked(shape(data=request.data))


def query(request: Request, shape: type[Shape]) -> Shape:
    """The query string, checked in the same way."""
    return _checked(shape(data=request.query_params.dict()))


def _checked(given: Shape) -> Shape:
    given.is_valid(raise_exception=True)
    return given
