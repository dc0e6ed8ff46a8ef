"""Where pictures are. Both sizes are served through the door, so an address alone shows nothing to anybody."""

LARGE, SMALL = "large", "small"


def media_url(media_id: int, size: str) -> str:
    return f"/media/{media_id}/{size}.webp"  # as the route "media" has it


def preview_url(preview_id: int) -> str:
    return f"/media/links/{preview_id}.webp"  # as the route "link_picture" has it
