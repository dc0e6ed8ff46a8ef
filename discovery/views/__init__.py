"""Pages: search, explore, welcome."""
