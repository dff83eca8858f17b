"""What is known and allowed to stand: inline comments, allow entries, the baseline and other tools' ignore files."""
