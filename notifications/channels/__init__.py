"""The ways out of the inbox, each a folder with one interface (`base.Channel`)."""
