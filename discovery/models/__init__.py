from discovery.models.explore import ExploreDay
from discovery.models.trends import Trend, TrendKind, TrendRuling, TrendSnapshot

__all__ = ["ExploreDay", "Trend", "TrendKind", "TrendRuling", "TrendSnapshot"]
