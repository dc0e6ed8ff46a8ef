"""What cannot be done with what others wrote."""

from django.utils.translation import gettext_lazy as _

from socialnet.kernel.errors import Forbidden, Invalid


class EmptyComment(Invalid):
    code = "empty_comment"

    def __init__(self) -> None:
        super().__init__(errors={"content": [_("Write something first.")]})


class CommentTooLong(Invalid):
    code = "comment_too_long"

    def __init__(self, most: int) -> None:
        super().__init__(
            errors={"content": [_("A comment has at most %(most)d characters.") % {"most": most}]}
        )


class ParentGone(Invalid):
    """What is answered was deleted, never was under this post, or is not for the eyes of who answers."""

    code = "parent_gone"

    def __init__(self) -> None:
        super().__init__(errors={"parent_id": [_("The comment that you answer is not there any more.")]})


class CannotComment(Forbidden):
    """The author of the post chose who may comment."""

    code = "cannot_comment"
    sentence = _("The author of this post chose who may comment, and you are not among them.")
