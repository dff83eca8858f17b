"""What each feature weighs, in log odds. Made by bench/confidence.py; not written by hand.

Fitted to 20,791 candidates, 3,063 of them secrets.
"""

BIAS = -0.64
WEIGHTS = {
    "name_ends_so": 1.54,
    "digit_in_it": 1.52,
    "rule_of_its_own": 1.18,
    "named_token": 1.07,
    "in_a_script": 1.02,
    "named_key": 0.99,
    "entropy": 0.91,
    "four_kinds": 0.74,
    "uuid": 0.68,
    "one_kind": 0.66,
    "user_beside": 0.66,
    "quoted": 0.62,
    "in_settings": 0.60,
    "name_in_capitals": 0.47,
    "three_kinds": 0.38,
    "words_and_signs": 0.33,
    "named_secret": 0.16,
    "words": 0.04,
    "hex": 0.03,
    "leet": 0.01,
    "in_data": -0.01,
    "in_capitals": -0.01,
    "told_in_a_sentence": -0.05,
    "action": -0.11,
    "compared": -0.28,
    "short": -0.28,
    "digits_alone": -0.29,
    "host_beside": -0.33,
    "long_line": -0.44,
    "long": -0.46,
    "in_code": -0.47,
    "in_a_comment": -0.50,
    "padded": -0.62,
    "words_in_code": -0.62,
    "argument_of_a_call": -0.69,
    "typed_in_order": -0.96,
    "signs_of_passwords": -1.07,
    "named_password": -1.15,
    "common": -1.21,
    "word_parts": -1.24,
    "dotted": -1.83,
    "beyond_ascii": -2.49,
    "signs_of_code": -2.76,
    "short_for_a_key": -3.39,
    "list_item": -3.95,
    "in_translations": -5.42,
}
MEDIUM = 0.6
"""From here on a candidate is of medium confidence."""
LEAST = 0.005
"""Below that it is dropped."""
