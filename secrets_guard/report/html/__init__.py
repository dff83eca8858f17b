"""ScanResult -> one HTML file that filters, groups and shows its findings; the page's own parts lie beside as files."""
