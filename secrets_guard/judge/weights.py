"""What each feature weighs, in log odds. Made by bench/confidence.py; not written by hand.

Fitted to 20,668 candidates, 2,973 of them secrets.
"""

BIAS = -0.45
WEIGHTS = {
    "digit_in_it": 1.60,
    "name_ends_so": 1.50,
    "unpronounceable": 1.19,
    "in_a_script": 0.90,
    "named_token": 0.88,
    "named_key": 0.74,
    "one_kind": 0.70,
    "user_beside": 0.67,
    "four_kinds": 0.66,
    "quoted": 0.58,
    "entropy": 0.56,
    "uuid": 0.55,
    "in_settings": 0.52,
    "three_kinds": 0.48,
    "name_in_capitals": 0.42,
    "words_and_signs": 0.33,
    "action": 0.15,
    "in_capitals": 0.14,
    "words": 0.06,
    "digits_alone": -0.01,
    "named_secret": -0.02,
    "hex": -0.09,
    "in_data": -0.22,
    "words_in_code": -0.24,
    "told_in_a_sentence": -0.25,
    "leet": -0.27,
    "host_beside": -0.28,
    "long_line": -0.31,
    "compared": -0.34,
    "short": -0.39,
    "typed_in_order": -0.40,
    "in_a_comment": -0.43,
    "common": -0.64,
    "padded": -0.72,
    "in_code": -0.73,
    "signs_of_passwords": -0.74,
    "argument_of_a_call": -0.78,
    "long": -0.93,
    "word_parts": -1.10,
    "named_password": -1.25,
    "beyond_ascii": -1.46,
    "dotted": -1.59,
    "signs_of_code": -2.72,
    "short_for_a_key": -3.17,
    "list_item": -3.93,
    "in_translations": -5.61,
}
MEDIUM = 0.6
"""From here on a candidate is of medium confidence."""
LEAST = 0.005
"""Below that it is dropped."""
