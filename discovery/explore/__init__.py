"""Explore: posts of people one does not follow yet, where they come from, their order, and what was shown already."""
