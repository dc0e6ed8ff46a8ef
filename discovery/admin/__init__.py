"""Staff's view of finding things."""

from discovery.admin import explore, searches, trends

__all__ = ["explore", "searches", "trends"]
