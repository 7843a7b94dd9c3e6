"""The built-in rule: hand-rounded weights over place features, for a subject nobody has labelled yet."""

RULE_INTERCEPT = -5.0
RULE_WEIGHTS = {"title_both": 1.0, "lead_both": 1.0, "both_ratio": 2.0}
RULE_ON_FROM = 0.5
RULE_OFF_BELOW = 0.3
