"""Staff's view of finding things."""

from discovery.admin import explore, people, searches, trends

__all__ = ["explore", "people", "searches", "trends"]
