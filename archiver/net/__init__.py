"""See docs/decisions.md and the design of the house in CONTRIBUTING.md."""
