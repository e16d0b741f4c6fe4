"""The columns of a training table."""

CONTRACT = (
    "timestamp",
    "theme",
    "input_char_len",
    "input_word_count",
    "css_signature",
    "css_density_spacing",
    "css_density_layout",
    "pathological_score",
    "active_strategy",
    "resolved_strategy_id",
    "is_valid",
    "failure_reason",
    "style_overrides_raw",
)
# Older files have fewer; what no training can do without.
REQUIRED = ("theme", "input_char_len", "input_word_count", "active_strategy", "is_valid")
# What `trinity data` knows besides. page_id makes splits by page possible; the others need no font: the longest run of
# characters that no browser breaks; how full the fullest slot is; how much of a line a slot's longest such run takes.
OPTIONAL = ("page_id", "longest_word", "slot_fill", "word_fill")
