"""What cannot be done with posts."""

from django.utils.translation import gettext_lazy as _

from socialnet.kernel.errors import OVERTAKEN, Conflict, Forbidden, Invalid, NotFound, Sentence


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


class UnknownGroup(Invalid):
    """None of that address, or none that its author may know of."""

    code = "unknown_group"

    def __init__(self) -> None:
        super().__init__(errors={"group": [_("There is no such group. Choose who may see this.")]})


class UnknownReplyPolicy(Invalid):
    code = "unknown_reply_policy"

    def __init__(self) -> None:
        super().__init__(errors={"reply_policy": [_("Choose who can comment.")]})


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


class WaitsForReview(Conflict):
    code = "waits_for_review"
    sentence = _("This waits for moderators to look at it. Until then it can only be deleted.")


class CannotShare(Forbidden):
    """Its author did not mean it for everybody."""

    code = "cannot_share"
    sentence = _("This post is not for everybody, so it cannot be passed on.")


class AudienceWidened(Invalid):
    """Who may share or answer a post must not find it before other eyes later."""

    code = "audience_widened"

    def __init__(self) -> None:
        super().__init__(
            errors={"visibility": [_("Fewer people than before may see this, but not more. Write it anew.")]}
        )


class CannotEditShare(Forbidden):
    """It says nothing of its own."""

    code = "cannot_edit_share"
    sentence = _("There is nothing to edit: this only passes on what somebody else wrote.")


class ImpossibleMarker(Invalid):
    """A read position where no post can be, or none yet."""

    code = "impossible_marker"

    def __init__(self) -> None:
        super().__init__(errors={"last_read_id": [_("There can be no post with this id.")]})


class PinnedInItsGroup(Invalid):
    """What is said in a group may stand first there, not on a profile."""

    code = "pinned_in_its_group"
    sentence = _("This post belongs to a group. Its moderators can pin it there.")


class TooManyPins(Invalid):
    code = "too_many_pins"

    def __init__(self, most: int) -> None:
        super().__init__(_("At most %(most)d posts can be pinned. Unpin one of them first.") % {"most": most})


class CannotPinShare(Forbidden):
    code = "cannot_pin_share"
    sentence = _("Only what you wrote yourself can be pinned.")


class AltTooLong(Invalid):
    code = "alt_too_long"

    def __init__(self, most: int) -> None:
        super().__init__(
            errors={"alt": [_("A description has at most %(most)d characters.") % {"most": most}]}
        )


class PictureInUse(Conflict):
    code = "picture_in_use"
    sentence = _("This picture is part of a post. Edit the post to take it away.")


class QuoteGone(Invalid):
    """What a draft quotes was deleted, or its author may not see it any more."""

    code = "quote_gone"

    def __init__(self) -> None:
        super().__init__(
            errors={"share_of": [_("The post that you quote is gone, or not for your eyes any more.")]}
        )


class DraftTooLong(Invalid):
    code = "draft_too_long"

    def __init__(self, field: str, most: int) -> None:
        super().__init__(
            errors={field: [_("This is too long to be kept: at most %(most)d characters.") % {"most": most}]}
        )


class DraftConflict(Conflict):
    """It was saved in another tab or on another device since it was read here."""

    code = "draft_conflict"
    title = OVERTAKEN
    sentence = _("This draft was changed elsewhere meanwhile. Look at it again, then decide.")


class DraftGone(Conflict):
    """It was published or deleted since it was read here."""

    code = "draft_gone"
    title = OVERTAKEN
    sentence = _("This was published or deleted meanwhile. Look whether you still want to say it.")


class TooManyDrafts(Invalid):
    code = "too_many_drafts"

    def __init__(self, most: int) -> None:
        super().__init__(
            _("You have %(most)d drafts; there is no room for more. Delete some first.") % {"most": most}
        )


class TooManyScheduled(Invalid):
    code = "too_many_scheduled"

    def __init__(self, most: int) -> None:
        super().__init__(
            errors={
                "scheduled_for": [
                    _("%(most)d posts of yours wait for their time already; no more can.") % {"most": most}
                ]
            }
        )


class BadSchedule(Invalid):
    """The time has passed, is too far away, or does not exist."""

    code = "bad_schedule"

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(errors={"scheduled_for": [sentence]})


class NoSuchTag(NotFound):
    """What was written is no tag, in any spelling."""


class TagFollowLimit(Invalid):
    """Somebody follows 200 tags, and would follow one more."""

    code = "tag_follow_limit"

    def __init__(self, most: int) -> None:
        super().__init__(
            _("You follow %(most)d tags, as many as one can. Unfollow one of them first.") % {"most": most}
        )


class FilterLimit(Invalid):
    """Somebody has 500 filters, and would have one more."""

    code = "filter_limit"

    def __init__(self, most: int) -> None:
        super().__init__(
            _("You have %(most)d filters, as many as one can. Delete one of them first.") % {"most": most}
        )


class HiddenLimit(Invalid):
    """Somebody hides 5,000 posts from themselves, and would hide one more."""

    code = "hidden_limit"

    def __init__(self, most: int) -> None:
        super().__init__(
            _("You hide %(most)d posts, as many as one can. Show some of them again first.") % {"most": most}
        )


class FilterExists(Invalid):
    code = "filter_exists"

    def __init__(self) -> None:
        super().__init__(errors={"phrase": [_("You have a filter for these words already.")]})


class BadPhrase(Invalid):
    """Nothing to look for, or too much."""

    code = "bad_phrase"

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(errors={"phrase": [sentence]})


class BadFilter(Invalid):
    """An act or a place that there is not, or an end that has passed."""

    code = "bad_filter"

    def __init__(self, field: str, sentence: Sentence) -> None:
        super().__init__(errors={field: [sentence]})
