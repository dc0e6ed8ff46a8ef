"""What people wrote, as this site shows it: which names are people, and where names and tags lead to."""

from collections.abc import Iterable, Mapping
from urllib.parse import quote

from django.db.models import Exists, OuterRef, Q

from accounts.addresses import profile_url
from accounts.models import Follow, MentionsFrom, User
from socialnet.kernel import markup


def people_named(names: Iterable[str], *, by: int | None) -> dict[str, str]:
    """Of `names` (lower-cased), those that exist and let `by`, a person's id, mention them; with their own spelling."""
    wanted = list(names)
    if not wanted:
        return {}
    follows_back = Exists(Follow.objects.active().filter(follower=OuterRef("pk"), followee=by))
    let = (
        Q(mentions_from=MentionsFrom.EVERYONE)
        | Q(pk=by)
        | Q(follows_back, mentions_from=MentionsFrom.FOLLOWED)
    )
    named = User.objects.named_any(wanted).filter(let, is_active=True)
    return {username.lower(): username for username in named.values_list("username", flat=True)}


def sites(known_names: Mapping[str, str]) -> markup.Sites:
    """A name leads to a profile when it is in `known_names` (lower-cased → as spelled)."""
    return markup.Sites(people=known_names, person=profile_url, tag=tag_url)


def tag_url(name: str) -> str:
    """The page of a tag; `name` in normal form (`markup.tag_name`)."""
    return f"/tags/{quote(name, safe='')}"


def bio_html(bio: str, *, by: int) -> str:
    """What the person `by` says of themselves as HTML; one query when it has a name in it."""
    known = people_named(markup.names_in(bio, brief=True), by=by) if "@" in bio else {}
    return markup.to_html(bio, sites(known), brief=True)
