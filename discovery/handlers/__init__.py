"""What news from below changes in what can be found. Each looks at what is true now, and may run twice."""

from discovery.handlers import documents, explore, people, trends

__all__ = ["documents", "explore", "people", "trends"]
