from discovery.selectors.explore import ExplorePage, explore_cursor, explore_page
from discovery.selectors.trends import trending_people, trending_posts, trending_tags

__all__ = [
    "ExplorePage",
    "explore_cursor",
    "explore_page",
    "trending_people",
    "trending_posts",
    "trending_tags",
]
