"""People to follow: from whom they come, in which order, and what was made of it. And the welcome of who is new."""
