"""What a username may be: ASCII only, so that no look-alike of another alphabet can exist."""

import re

PATTERN = r"^[A-Za-z0-9_]{3,30}$"
MIN_LENGTH, MAX_LENGTH = 3, 30
TOMBSTONE = "deleted_"
_COMPILED = re.compile(r"[A-Za-z0-9_]{3,30}")

_WORDS = """
    about abuse accessibility account accounts activity admin administrator admins all anonymous anybody api app
    apps auth blocked blog bookmarks bot bots business careers celery contact cookies copyright dashboard default
    delete deleted demo dev developer developers docs drafts edit email everybody everyone explore export faq feed
    feeds follow followers following follow_requests group groups guest hashtag health help here home hostmaster
    info insights invite jobs join legal live localhost login logout mail mailer_daemon mailbox me media member
    members mentions messages metrics mod moderation moderator moderators mods myself nobody no_reply noreply none
    notifications null official operator owner password people people_ops policy post posts postmaster press privacy
    profile public register report reports root rules safety schema search secure security self settings share
    sign_in sign_out sign_up signin signout signup site socialnet staff static status superuser support suspended
    system tag tags team terms test tests trending trust undefined unfollow user username users verified verify
    webmaster websocket welcome ws www you yourself
"""
RESERVED = frozenset(_WORDS.split())


def is_well_formed(name: str) -> bool:
    return _COMPILED.fullmatch(name) is not None


def is_reserved(name: str) -> bool:
    """Names that would speak for the site, or for somebody who left; case and underscores do not help."""
    lowered = name.lower()
    return lowered.strip("_") in RESERVED or lowered.startswith(TOMBSTONE)
