"""Who sees what and what belongs at whose home, said once more in plain data and plain rules, apart from the code."""

from dataclasses import dataclass, field

LONG_AGO = "2020-01-01T00:00Z"


@dataclass
class Town:
    """Some people, what is between them, and what they said: plain data, plain rules."""

    private: set[int] = field(default_factory=set)
    suspended: set[int] = field(default_factory=set)
    left: set[int] = field(default_factory=set)
    follows: dict[tuple[int, int], str] = field(default_factory=dict)
    blocks: set[tuple[int, int]] = field(default_factory=set)
    mutes: dict[tuple[int, int], str | None] = field(default_factory=dict)
    posts: list[tuple[int, str, str]] = field(default_factory=list)  # author, audience, state
    shares: list[tuple[int, str, str, int]] = field(
        default_factory=list
    )  # as posts, and the place of the original
    tags: dict[int, set[str]] = field(default_factory=dict)  # by the place of the post
    tag_follows: set[tuple[int, str]] = field(default_factory=set)
    group: dict[int, str] = field(default_factory=dict)  # who is what in the one group that there is
    is_group_open: bool = True

    def is_follower(self, who: int, of: int) -> bool:
        return self.follows.get((who, of)) == "active"

    def may_see(self, viewer: int | None, author: int, audience: str, state: str) -> bool:
        if state not in ("standing", "held") or author in self.suspended | self.left:
            return False
        if state == "held" and viewer != author:
            return False
        if viewer is None:
            return audience == "public" and author not in self.private
        if viewer in self.suspended | self.left:
            return False
        if viewer == author:
            return True
        if (viewer, author) in self.blocks or (author, viewer) in self.blocks:
            return False
        follower = self.is_follower(viewer, author)
        match audience:
            case "public":
                return follower or author not in self.private
            case "followers":
                return follower
            case "friends":
                return follower and self.is_follower(author, viewer)
            case "group":
                status = self.group.get(viewer)
                is_open = self.is_group_open and status != "banned"
                return status == "active" or (is_open and (follower or author not in self.private))
        return False

    def may_see_share(self, viewer: int | None, author: int, audience: str, state: str, of: int) -> bool:
        return self.may_see(viewer, author, audience, state) and self.may_see(viewer, *self.posts[of])

    def belongs(self, viewer: int, author: int, place: int | None = None) -> bool:
        """`place` is that of the post; a share belongs for its author alone."""
        return viewer == author or self.is_follower(viewer, author) or self.has_tag(viewer, place)

    def is_for_group(self, viewer: int, author: int) -> bool:
        """What is said in a group belongs to its members, and to who said it."""
        return viewer == author or self.group.get(viewer) == "active"

    def has_tag(self, viewer: int, place: int | None) -> bool:
        tags = set() if place is None else self.tags.get(place, set())
        return any((viewer, tag) in self.tag_follows for tag in tags)

    def is_muted(self, viewer: int, author: int) -> bool:
        return self.mutes.get((viewer, author), LONG_AGO) != LONG_AGO

    def is_at_home(
        self, viewer: int, author: int, audience: str, state: str, place: int | None = None
    ) -> bool:
        return (
            self.may_see(viewer, author, audience, state)
            and (
                self.is_for_group(viewer, author)
                if audience == "group"
                else self.belongs(viewer, author, place)
            )
            and not self.is_muted(viewer, author)
        )

    def is_share_at_home(self, viewer: int, author: int, audience: str, state: str, of: int) -> bool:
        return (
            self.is_at_home(viewer, author, audience, state)
            and self.may_see(viewer, *self.posts[of])
            and not self.is_muted(viewer, self.posts[of][0])
        )
