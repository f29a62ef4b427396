"""Sets chosen on past bars and tested on the bars that follow."""
