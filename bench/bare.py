"""The bare view of the targets: a session, one likes query, one sorted-set read, one MGET of 20 stored blobs, and as
many bytes as the page under test. It marks what Django and the Redis client leave on the table."""

from django.contrib.auth import SESSION_KEY
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

from feeds import timelines
from socialnet.kernel.redis import door

BLOBS = 20
# There are no likes yet: the same shape of query, twenty pairs by composite key.
_LIKES = "SELECT post_id FROM feeds_feedentry WHERE user_id = %s AND post_id = ANY(%s)"


def blob_keys() -> list[str]:
    return [f"bench:blob:{number}" for number in range(BLOBS)]


def bare(request: HttpRequest) -> HttpResponse:
    user_id = int(request.session[SESSION_KEY])
    with door() as client:
        ids = client.zrange(
            timelines._key(user_id), "+inf", 1, desc=True, byscore=True, offset=0, num=BLOBS + 1
        )
        blobs = client.mget(blob_keys())
    with connection.cursor() as cursor:
        cursor.execute(_LIKES, [user_id, [int(post_id) for post_id in ids if post_id.isdigit()]])
        cursor.fetchall()
    size = int(request.GET["bytes"])
    body = b"".join(blobs)[:size].ljust(size)
    return HttpResponse(body, content_type="application/json", headers={"Content-Length": str(size)})


urlpatterns = [path("bench/bare", bare)]
