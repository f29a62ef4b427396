"""The audit of a run: decisions are asked for again without the bars that follow them."""
