"""Writes about groups: each one transaction."""

from groups.actions.ground import check_moderator
from groups.actions.membership import choose_news, join_group, leave_all, leave_group
from groups.actions.moderating import (
    accept_request,
    ban_person,
    hand_over_group,
    invite_person,
    remove_member,
    set_role,
)
from groups.actions.posts import check_may_post, check_may_speak, count_post
from groups.actions.running import (
    change_group,
    create_group,
    delete_group,
    hide_group,
    release_group,
    say_what_waited,
    unhide_group,
)

__all__ = [
    "accept_request",
    "ban_person",
    "change_group",
    "check_may_post",
    "check_may_speak",
    "check_moderator",
    "choose_news",
    "count_post",
    "create_group",
    "delete_group",
    "hand_over_group",
    "hide_group",
    "invite_person",
    "join_group",
    "leave_all",
    "leave_group",
    "release_group",
    "remove_member",
    "say_what_waited",
    "set_role",
    "unhide_group",
]
