from discovery.selectors.trends import trending_people, trending_posts, trending_tags

__all__ = ["trending_people", "trending_posts", "trending_tags"]
