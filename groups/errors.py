"""What cannot be done in groups, each with a code, a status and a sentence."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from socialnet.kernel.errors import Conflict, Forbidden, Invalid, NotFound


class GroupIsPrivate(Forbidden):
    code = "private_group"
    sentence = _("What is said in this group, and who is in it, is for its members.")


class HiddenGroup(NotFound):
    """For who is in it; everybody else is told what they are told of a group that does not exist."""

    code = "group_hidden"
    sentence = _("Moderators hid this group. If they change their minds, it is here again as it was.")


class GroupWaits(Conflict):
    """For its owner, who alone knows of it."""

    code = "group_waits_for_review"
    sentence = _("Moderators look at this group before others see it. Until then it can only be deleted.")


class NotAMember(Forbidden):
    code = "not_a_member"
    sentence = _("Only members can post in this group.")


class GroupGone(Invalid):
    """It was deleted since somebody chose it."""

    code = "group_gone"
    sentence = _("The group is not there any more. Choose who else may see this.")


class BannedFromGroup(Forbidden):
    code = "banned_from_group"
    sentence = _("You were banned from this group.")


class LastOwner(Conflict):
    code = "last_owner"
    sentence = _("A group needs an owner. Make somebody else an owner first.")


class OwnerCanAct(Conflict):
    code = "owner_can_act"
    sentence = _("An owner of this group can act. It is theirs to hand over.")


class GroupLimit(Invalid):
    code = "group_limit"
    sentence = _("You are in as many groups as one can be. Leave one first.")


class DeclinedLately(Conflict):
    """Neutral: that somebody declined is between them and the group."""

    code = "not_to_be_invited"
    sentence = _("This person cannot be invited to this group at the moment.")


class NotInGroup(Invalid):
    code = "not_in_group"
    sentence = _("This person is not a member of the group.")


class InvalidGroup(Invalid):
    """Some fields cannot be kept; `errors` says which and why."""

    def __init__(self, **errors: Sequence[object]) -> None:
        super().__init__(errors={field: [str(line) for line in lines] for field, lines in errors.items()})
