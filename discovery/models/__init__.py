from discovery.models.trends import Trend, TrendKind, TrendRuling, TrendSnapshot

__all__ = ["Trend", "TrendKind", "TrendRuling", "TrendSnapshot"]
