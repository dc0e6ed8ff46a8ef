from discovery.actions.trends import rule_on_trend

__all__ = ["rule_on_trend"]
