"""ETag and 304: an answer is the same when its bytes are."""

from collections.abc import Callable
from hashlib import blake2b

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response

_OF_THE_BODY = {"content-type", "content-length", "content-language"}


def conditional(request: HttpRequest) -> Callable[[HttpResponse], HttpResponseBase | None]:
    """What to do with a rendered answer to `request`: give it an ETag, or say 304 to who has it already."""

    def finish(response: HttpResponse) -> HttpResponseBase | None:
        response["ETag"] = f'"{blake2b(response.content, digest_size=16).hexdigest()}"'
        answer = get_conditional_response(request, etag=response["ETag"], response=response)
        if answer is None or answer is response:
            return None
        for name, value in response.items():
            if name.lower() not in _OF_THE_BODY:
                answer[name] = value
        return answer

    return finish
