"""Many repositories -> one report: swept here, or on a cluster, one after the other or side by side."""
