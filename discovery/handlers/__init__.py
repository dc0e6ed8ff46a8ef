"""Reactions to events, by area; importing them registers them."""

from discovery.handlers import people

__all__ = ["people"]
