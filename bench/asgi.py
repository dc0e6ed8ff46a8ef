"""The `live` process as script/server runs it, with a bare consumer beside it: it joins a group and passes on its news.

It marks what Channels, the server and Redis leave on the table.
"""

from typing import Any

from socialnet.asgi import application as product  # isort: skip  # sets Django up
import orjson
from channels.generic.websocket import AsyncWebsocketConsumer

from bench.crowd import BARE_GROUP, BARE_PATH


class BareConsumer(AsyncWebsocketConsumer):
    groups = [BARE_GROUP]  # joined before `connect`

    async def connect(self) -> None:
        await self.accept()
        await self.send(text_data='{"event": "joined"}')

    async def news(self, event: dict[str, Any]) -> None:
        await self.send(text_data=orjson.dumps(event["message"]).decode())


bare = BareConsumer.as_asgi()


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    serve = bare if scope.get("path") == BARE_PATH else product
    await serve(scope, receive, send)
