"""The rebuildable index of one client's archive, search in it, and the way to open the archive for writing."""

import os

# NumPy's own threads wait by spinning, for products that one thread has in a millisecond. Before NumPy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
