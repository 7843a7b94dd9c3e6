"""The built-in rule: hand-rounded weights over place features, for a subject nobody has labelled yet.

The weights are rounded from a logistic regression on two of the five outlets of sea_china_news (Bangkok Post and
Jakarta Globe) and checked on the other three; no place, side or subject is known to them.
"""

RULE_INTERCEPT = -4.3
RULE_WEIGHTS = {
    "lead_both": 1.2,
    "top_rare": 0.7,
    "both_ratio": 1.0,
    "both_clean_ratio": 2.0,
    "rare_share": 2.5,
    "other_share": -1.0,
    "spread": 0.4,
    "rare_density": 0.4,
    "others_log": -0.2,
    "seed_log": 0.5,
    "segments_both": 0.5,
    "other_density": -0.5,
    "length": -0.2,
    "other_against_rare": -0.2,
    "lead_other_share": -0.5,
    "title_both": 0.2,
}
RULE_ON_FROM = 0.6
RULE_OFF_BELOW = 0.3
