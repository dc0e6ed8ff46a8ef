"""socialnet: a social network that one person starts with one command."""
