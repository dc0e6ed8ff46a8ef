"""What people can say they like to read about: each topic with the tags that speak of it, in several languages."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Topic:
    """`tags` are in the normal form of `feeds.models.Hashtag.name`."""

    slug: str
    label: Promise
    tags: tuple[str, ...]


def _topic(slug: str, label: Promise, tags: str) -> Topic:
    return Topic(slug, label, tuple(tags.split()))


TOPICS = {
    topic.slug: topic
    for topic in (
        _topic(
            "animals", _("Animals"), "animals birds birding ptaki kuşlar cats dogs wildlife rãs bees wolves"
        ),
        _topic(
            "architecture",
            _("Architecture and cities"),
            "architecture doors azulejos cities urbanism buildings design jaalis",
        ),
        _topic(
            "art", _("Art and drawing"), "art drawing croquis illustration painting sketch animation 动画"
        ),
        _topic("bikes", _("Bicycles"), "bikes bicycles cycling fietsen fahrrad vélo radfahren"),
        _topic(
            "books", _("Books and writing"), "books livres bücher libros reading poetry 古書 книги writing"
        ),
        _topic("coffee", _("Coffee and tea"), "coffee 커피 café tea kaffee çay"),
        _topic(
            "crafts",
            _("Crafts and making"),
            "crafts telar keramik pottery knitting woodworking sewing годинники weaving",
        ),
        _topic("film", _("Film and series"), "film movies cinema series documentary"),
        _topic(
            "food",
            _("Food and cooking"),
            "food cooking bread baking recipes cioccolato bếpnhà papas sourdough",
        ),
        _topic("games", _("Games and puzzles"), "games křížovky chess boardgames puzzles videogames"),
        _topic("gardens", _("Gardens and farming"), "garden gardening hasat plants seeds farming soil"),
        _topic("health", _("Health and care"), "health medicine nursing care mentalhealth sleep"),
        _topic("history", _("History and archaeology"), "history ανασκαφή archaeology museum archives"),
        _topic("languages", _("Languages and words"), "languages words translation linguistics dictionary"),
        _topic("music", _("Music"), "music aguadesal gamelan orgel виолончело سه‌تار jazz concert choir"),
        _topic(
            "nature",
            _("Mountains and nature"),
            "nature hiking mountains jame lake forest 初雪 fog weather rain",
        ),
        _topic("photography", _("Photography"), "photography تصوير foto photo fotografie"),
        _topic("programming", _("Programming"), "programming compilers code python software opensource bugs"),
        _topic("science", _("Science"), "science physics biology geografia astronomy matek maths climate"),
        _topic("sea", _("The sea and sailing"), "sea sailing ים diving ocean tides swimming"),
        _topic(
            "sports", _("Sports and running"), "sports trailrunning running football frühaufsteher climbing"
        ),
        _topic(
            "technology",
            _("Technology and energy"),
            "technology energía energy solar repair electronics maps 지도",
        ),
        _topic("travel", _("Travel and trains"), "travel trains journeys nighttrain villages"),
    )
}
