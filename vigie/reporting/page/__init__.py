"""HTML reports: one frame, one module for each kind of page, the style and the scripts beside them."""
