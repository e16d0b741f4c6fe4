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
# What `trinity data` measures besides: it makes splits by page possible, and describes the worst slot without a font.
OPTIONAL = ("page_id", "longest_word", "slot_fill", "word_fill")
