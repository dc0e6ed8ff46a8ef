"""Places of profiles, which are free text, in a form that can be compared."""

import unicodedata

from discovery.models.people import PLACE_MAX


def normal_place(location: str) -> str:
    """The first part, folded: "Lisbon", "lisbon, Portugal" and "LISBON (PT)" are the same place."""
    first = location.split(",")[0].split("(")[0].split("/")[0]
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", first).casefold())
    return " ".join(folded.split())[:PLACE_MAX]
