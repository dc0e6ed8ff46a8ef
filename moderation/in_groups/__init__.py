"""What is reported of what is said in groups: their own moderators decide first, then the site's (ADR 80)."""
