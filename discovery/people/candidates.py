"""Who could be suggested to somebody, with a score: one statement per stage, whose work is bounded for everybody.

    score = Σ weight · part / greatest part of the list       (the weights are those of `discovery.people.stages`)

Ties: over the newest `BRIDGES` people somebody follows, and the newest `REACH` whom each of those follows; a bridge
counts 1 / (its number of follows)^`DAMPING`, so that who follows everybody says little (the choice is measured, see
ADR 53). Tastes: who writes with the tags they use, like or chose, who wrote what they like, who likes the same; rare
tags and posts that few like say more. Near: the same place, where both chose that, and the same
groups, small ones more. Rhythm: at which hours of the day both write.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection

from discovery.models import Source, Stage
from discovery.people.stages import WEIGHTS, Weights

BRIDGES, REACH = 200, 100
DAMPING = 1.0
POOL = 120  # of each part, and of which the rhythm is looked at
MOST = 60
MILLISECONDS = 1500

_LIMITS = {
    "bridges": BRIDGES,
    "reach": REACH,
    "damping": DAMPING,
    "pool": POOL,
    "most": MOST,
    "own_posts": 50,
    "likes": 60,
    "likers": 40,
    "tags": 30,
    "tagged": 60,
    "fans": 100,
    "groups": 20,
}

# Between whom and the person there is something, or was: none of them is suggested. Who blocked them is asked at the
# end, one by one, for that can be very many.
_APART = """
apart AS (
    SELECT followee_id AS person FROM accounts_follow WHERE follower_id = %(me)s
    UNION SELECT person_id FROM discovery_suggestiondismissal WHERE user_id = %(me)s
    UNION SELECT blocked_id FROM accounts_block WHERE blocker_id = %(me)s
    UNION SELECT muted_id FROM accounts_mute WHERE muter_id = %(me)s AND (until IS NULL OR until > clock_timestamp())
    UNION SELECT %(me)s
)"""
# `open` is the score without bridges whose lists the person sees without private accounts.
_TIES = """
bridges AS (
    SELECT f.followee_id AS id, person.is_private, 1 / power(1 + counts.following, %(damping)s::float) AS weight
    FROM (
        SELECT id, followee_id FROM accounts_follow WHERE follower_id = %(me)s AND status = 'active'
        ORDER BY id DESC LIMIT %(bridges)s
    ) f
    JOIN accounts_user person ON person.id = f.followee_id AND person.is_active AND person.suspended_at IS NULL
    JOIN accounts_personcounts counts ON counts.user_id = f.followee_id
), reached AS (
    SELECT reach.person, bridges.id AS bridge, NOT bridges.is_private AS is_open,
        bridges.weight * CASE WHEN reach.created_at > %(since)s THEN %(new_ties)s ELSE 1 END AS weight
    FROM bridges CROSS JOIN LATERAL (
        SELECT followee_id AS person, created_at FROM accounts_follow
        WHERE follower_id = bridges.id AND status = 'active' ORDER BY id DESC LIMIT %(reach)s
    ) reach
    UNION ALL
    SELECT fans.person, NULL, true, 1 / power(1 + counts.following, %(damping)s::float)
    FROM (
        SELECT follower_id AS person FROM accounts_follow WHERE followee_id = %(me)s AND status = 'active'
        ORDER BY id DESC LIMIT %(fans)s
    ) fans JOIN accounts_personcounts counts ON counts.user_id = fans.person
), ties AS (
    SELECT person, sum(weight) AS part, coalesce(sum(weight) FILTER (WHERE is_open), 0) AS open, count(bridge) AS many,
        (array_agg(bridge ORDER BY weight DESC, bridge) FILTER (WHERE bridge IS NOT NULL))[1:3] AS through,
        bool_or(bridge IS NULL) AS is_fan
    FROM reached WHERE person NOT IN (SELECT person FROM apart)
    GROUP BY person ORDER BY part DESC, person LIMIT %(pool)s
)"""
_OWN = """
own AS (
    SELECT id FROM feeds_post WHERE author_id = %(me)s AND deleted_at IS NULL ORDER BY id DESC LIMIT %(own_posts)s
)"""
_TASTES = """
liked AS (
    SELECT liked.post_id, post.author_id, 1 / ln(2 + counts.likes) AS weight
    FROM (
        SELECT post_id FROM interactions_like WHERE user_id = %(me)s AND is_active ORDER BY place DESC LIMIT %(likes)s
    ) liked
    JOIN feeds_post post ON post.id = liked.post_id AND post.visibility = 'public' AND post.deleted_at IS NULL
    JOIN feeds_postcounts counts ON counts.post_id = liked.post_id
), my_tags AS (
    SELECT hashtag_id AS id, sum(weight) AS weight, bool_or(chosen) AS chosen FROM (
        SELECT tag.hashtag_id, 1.0 AS weight, false AS chosen
        FROM own JOIN feeds_posthashtag tag ON tag.post_id = own.id
        UNION ALL
        SELECT tag.hashtag_id, 0.5, false FROM liked JOIN feeds_posthashtag tag ON tag.post_id = liked.post_id
        UNION ALL
        SELECT id, 2.0, true FROM feeds_hashtag WHERE name = ANY(%(tags_chosen)s)
    ) used GROUP BY hashtag_id ORDER BY weight DESC, hashtag_id LIMIT %(tags)s
), tagged AS (
    SELECT uses.author_id AS person, my_tags.id AS tag, my_tags.chosen,
        my_tags.weight * ln(1 + least(count(*), 5)) / ln(2 + max(uses.of_tag)) AS weight
    FROM my_tags CROSS JOIN LATERAL (
        SELECT post.author_id, count(*) OVER () AS of_tag
        FROM (
            SELECT post_id FROM feeds_posthashtag WHERE hashtag_id = my_tags.id ORDER BY post_id DESC LIMIT %(tagged)s
        ) newest
        JOIN feeds_post post ON post.id = newest.post_id AND post.visibility = 'public'
            AND post.deleted_at IS NULL AND post.hidden_at IS NULL
    ) uses GROUP BY uses.author_id, my_tags.id, my_tags.chosen, my_tags.weight
), tastes AS (
    SELECT person, sum(weight) AS part, coalesce(sum(weight) FILTER (WHERE chosen), 0) AS chosen,
        (array_agg(tag ORDER BY weight DESC, tag) FILTER (WHERE tag IS NOT NULL))[1] AS tag,
        bool_or(wrote) AS wrote
    FROM (
        SELECT person, tag, chosen, weight, false AS wrote FROM tagged
        UNION ALL
        SELECT author_id, NULL, false, weight, true FROM liked
        UNION ALL
        SELECT fellow.person, NULL, false, 0.5 * liked.weight, false
        FROM liked CROSS JOIN LATERAL (
            SELECT user_id AS person FROM interactions_like WHERE post_id = liked.post_id AND is_active
            ORDER BY place DESC LIMIT %(likers)s
        ) fellow
    ) found WHERE person NOT IN (SELECT person FROM apart)
    GROUP BY person ORDER BY part DESC, person LIMIT %(pool)s
)"""
_NEAR = """
near AS (
    SELECT person, sum(weight) AS part,
        (array_agg(group_id ORDER BY weight DESC, group_id) FILTER (WHERE group_id IS NOT NULL))[1] AS group_id
    FROM (
        SELECT others.user_id AS person, 1.0 AS weight, NULL::bigint AS group_id
        FROM discovery_finding mine
        CROSS JOIN LATERAL (
            SELECT user_id FROM discovery_finding WHERE place = mine.place AND place <> ''
            ORDER BY user_id DESC LIMIT %(pool)s
        ) others
        WHERE mine.user_id = %(me)s AND mine.place <> ''
        UNION ALL
        SELECT others.user_id, 1 / ln(2 + counts.members), mine.group_id
        FROM (
            SELECT group_id FROM groups_membership WHERE user_id = %(me)s AND status = 'active'
            ORDER BY id DESC LIMIT %(groups)s
        ) mine
        JOIN groups_groupcounts counts ON counts.group_id = mine.group_id
        CROSS JOIN LATERAL (
            SELECT user_id FROM groups_membership WHERE group_id = mine.group_id AND status = 'active'
            ORDER BY id DESC LIMIT %(reach)s
        ) others
    ) found WHERE person NOT IN (SELECT person FROM apart)
    GROUP BY person ORDER BY part DESC, person LIMIT %(pool)s
)"""
_POPULAR = """
popular AS (
    SELECT counts.user_id AS person, ln(2 + counts.followers) AS part
    FROM accounts_personcounts counts
    WHERE counts.user_id = ANY(%(popular)s) AND counts.user_id NOT IN (SELECT person FROM apart)
)"""
# An id counts milliseconds from a midnight above 12 bits; a day has six times to write.
_HOURS = "((id >> 12) / 14400000) %% 6"
_RHYTHM = """
clock AS (SELECT {hours} AS hour, count(*) AS many FROM own GROUP BY 1),
rhythm AS (
    SELECT pool.person, sum(theirs.many * clock.many)
        / nullif(sqrt(sum(theirs.many ^ 2)) * (SELECT sqrt(sum(many ^ 2)) FROM clock), 0) AS part
    FROM (SELECT person FROM pooled ORDER BY score DESC, person LIMIT %(pool)s) pool
    CROSS JOIN LATERAL (
        SELECT {hours} AS hour, count(*) AS many FROM (
            SELECT id FROM feeds_post WHERE author_id = pool.person AND visibility = 'public'
                AND deleted_at IS NULL AND hidden_at IS NULL
            ORDER BY id DESC LIMIT %(own_posts)s
        ) written GROUP BY 1
    ) theirs
    LEFT JOIN clock ON clock.hour = theirs.hour
    GROUP BY pool.person
)""".replace("{hours}", _HOURS)
_CHOSEN = """
SELECT pooled.person, {score} AS score, {shares},
    pooled.through, pooled.many, pooled.is_fan, tag.name, tag.display, pooled.chosen > pooled.tastes / 2, pooled.wrote,
    person.created_at > clock_timestamp() - interval '30 days', counts.followers, pooled.group_id
FROM pooled
JOIN accounts_personcounts counts ON counts.user_id = pooled.person
JOIN accounts_user person ON person.id = pooled.person AND person.is_active AND person.suspended_at IS NULL
    AND person.limited_at IS NULL AND person.found_by = 'everyone'
{rhythm}
LEFT JOIN feeds_hashtag tag ON tag.id = pooled.tag
WHERE (NOT person.is_private OR pooled.open > 0 OR pooled.near > 0)
    AND NOT EXISTS (
        SELECT 1 FROM accounts_block WHERE blocker_id = pooled.person AND blocked_id = %(me)s
    )
ORDER BY score DESC, pooled.person LIMIT %(most)s
"""
_PARTS = {  # a part's table: its statement, what it needs before, its weight
    "ties": _TIES,
    "tastes": _TASTES,
    "near": _NEAR,
    "popular": _POPULAR,
}


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Somebody, the best reason to suggest them, and through what they were found.

    `through` are up to three of the `many` people who follow them and whom the one who looks follows.
    """

    id: int
    score: float
    source: Source
    ties: float = 0
    through: tuple[int, ...] = ()
    many: int = 0
    is_fan: bool = False
    tag: str = ""
    tag_display: str = ""
    wrote_liked: bool = False
    is_new: bool = False
    followers: int = 0
    group_id: int = 0


def find(
    user_id: int, *, stage: Stage, tags: list[str], popular: list[int], since: datetime
) -> list[Candidate]:
    """Up to `MOST` candidates, the best first. `tags` are those of what they chose to read about, `popular` whom many
    follow, `since` when those who come back were there last."""
    weights = WEIGHTS[stage]
    params: dict[str, Any] = {
        **_LIMITS,
        "me": user_id,
        "tags_chosen": tags,
        "popular": popular,
        "since": since,
        "new_ties": weights.new_ties,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement(stage), params)
        return [_candidate(*row) for row in cursor.fetchall()]


@cache
def statement(stage: Stage) -> str:
    """The one statement of a stage, made of the parts that have a weight in it."""
    weights = WEIGHTS[stage]
    used = [name for name in _PARTS if _weight(weights, name)]
    steps = [_APART, _OWN, *(_PARTS[name] for name in used), _pooled(weights, used)]
    rhythm = ""
    if weights.rhythm:
        steps.append(_RHYTHM)
        rhythm = "LEFT JOIN rhythm ON rhythm.person = pooled.person"
    names = ("ties", "tastes", "near", "popular")
    chosen = (
        _CHOSEN.replace("{rhythm}", rhythm)
        .replace(
            "{score}",
            f"pooled.score + {weights.rhythm} * coalesce(rhythm.part, 0)" if rhythm else "pooled.score",
        )
        .replace("{shares}", ", ".join(f"{_weight(weights, name)} * pooled.{name}" for name in names))
    )
    return f"WITH {', '.join(steps)}{chosen}"


def _weight(weights: Weights, name: str) -> float:
    return float(getattr(weights, "place" if name == "near" else name))


def _pooled(weights: Weights, used: list[str]) -> str:
    """All who were found, each part as its share of the greatest; what was not asked for is 0."""
    people = " UNION ".join(f"SELECT person FROM {name}" for name in used)
    joins = "\n    ".join(f"LEFT JOIN {name} ON {name}.person = everybody.person" for name in used)
    columns = [
        f"coalesce({name}.part / (SELECT nullif(max(part), 0) FROM {name}), 0) AS {name}"
        if name in used
        else f"0 AS {name}"
        for name in _PARTS
    ]
    beside = {
        "ties": (
            "coalesce(ties.open, 0) AS open, ties.through, coalesce(ties.many, 0) AS many,"
            " coalesce(ties.is_fan, false) AS is_fan",
            "0 AS open, NULL::bigint[] AS through, 0 AS many, false AS is_fan",
        ),
        "near": ("near.group_id", "NULL::bigint AS group_id"),
        "tastes": (
            "tastes.tag, coalesce(tastes.wrote, false) AS wrote,"
            " coalesce(tastes.chosen / (SELECT nullif(max(part), 0) FROM tastes), 0) AS chosen",
            "NULL::bigint AS tag, false AS wrote, 0 AS chosen",
        ),
    }
    columns += [there if name in used else absent for name, (there, absent) in beside.items()]
    score = " + ".join(f"{_weight(weights, name)} * {name}" for name in used)
    return f"""
pooled AS (
    SELECT *, {score} AS score FROM (
        SELECT everybody.person, {", ".join(columns)}
        FROM ({people}) everybody
        {joins}
    ) parts
)"""


def _candidate(
    person: int,
    score: float,
    ties: float,
    tastes: float,
    near: float,
    popular: float,
    through: list[int] | None,
    many: int,
    is_fan: bool,
    tag: str | None,
    tag_display: str | None,
    by_interest: bool,
    wrote_liked: bool,
    is_new: bool,
    followers: int,
    group_id: int | None,
) -> Candidate:
    by_taste = Source.INTERESTS if by_interest and tag else Source.TASTES
    by_nearness = Source.GROUPS if group_id else Source.PLACE
    shares = {Source.TIES: ties, by_taste: tastes, by_nearness: near, Source.POPULAR: popular}
    return Candidate(
        id=person,
        score=float(score),
        ties=float(ties),
        source=max(shares, key=shares.__getitem__),
        through=tuple(through or ()),
        many=many,
        is_fan=is_fan,
        tag=tag or "",
        tag_display=tag_display or "",
        wrote_liked=wrote_liked,
        is_new=is_new,
        followers=followers,
        group_id=group_id or 0,
    )
