"""What cannot be done with posts."""

from django.utils.translation import gettext_lazy as _

from socialnet.kernel.errors import Invalid


class EmptyPost(Invalid):
    code = "empty_post"

    def __init__(self) -> None:
        super().__init__(errors={"content": [_("Write something first.")]})


class PostTooLong(Invalid):
    code = "post_too_long"

    def __init__(self, most: int) -> None:
        super().__init__(
            errors={"content": [_("A post has at most %(most)d characters.") % {"most": most}]},
        )


class UnknownAudience(Invalid):
    code = "unknown_audience"

    def __init__(self) -> None:
        super().__init__(errors={"visibility": [_("Choose who can see this.")]})
