"""Stage one (Vectorscan over batches) and stage two (``re`` on windows): bytes in, matches out."""
