"""Networks for small devices."""
