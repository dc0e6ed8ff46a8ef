"""Documents to search, trends, and whom somebody may want to follow."""
