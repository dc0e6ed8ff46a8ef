"""What people wrote, as this site shows it: which names are people, and where names and tags lead to."""

from collections.abc import Iterable, Mapping
from urllib.parse import quote

from accounts.addresses import profile_url
from accounts.models import User
from socialnet.kernel import markup


def people_named(names: Iterable[str]) -> dict[str, str]:
    """Of `names` (lower-cased), those that exist, with their own spelling."""
    wanted = list(names)
    if not wanted:
        return {}
    usernames = User.objects.named_any(wanted).filter(is_active=True).values_list("username", flat=True)
    return {username.lower(): username for username in usernames}


def sites(known_names: Mapping[str, str]) -> markup.Sites:
    """A name leads to a profile when it is in `known_names` (lower-cased → as spelled)."""
    return markup.Sites(people=known_names, person=profile_url, tag=tag_url)


def tag_url(name: str) -> str:
    """The page of a tag; `name` in normal form (`markup.tag_name`)."""
    return f"/tags/{quote(name, safe='')}"


def bio_html(bio: str) -> str:
    """`bio` as HTML; one query when it has a name in it."""
    known = people_named(markup.names_in(bio, brief=True)) if "@" in bio else {}
    return markup.to_html(bio, sites(known), brief=True)
