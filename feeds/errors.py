"""What cannot be done with posts."""

from django.utils.translation import gettext_lazy as _

from socialnet.kernel.errors import Forbidden, Invalid


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


class WarningTooLong(Invalid):
    code = "warning_too_long"

    def __init__(self, most: int) -> None:
        super().__init__(
            errors={"content_warning": [_("A warning has at most %(most)d characters.") % {"most": most}]},
        )


class TooManyPictures(Invalid):
    code = "too_many_pictures"

    def __init__(self, most: int) -> None:
        super().__init__(errors={"media_ids": [_("A post has at most %(most)d pictures.") % {"most": most}]})


class UnknownPicture(Invalid):
    code = "unknown_picture"

    def __init__(self) -> None:
        super().__init__(
            errors={"media_ids": [_("One of the pictures is not there any more. Add it again.")]}
        )


class CannotShare(Forbidden):
    """Its author did not mean it for everybody."""

    code = "cannot_share"
    sentence = _("This post is not for everybody, so it cannot be passed on.")
