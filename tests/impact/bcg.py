"""Thirteen trials of BCG vaccination (Colditz et al. 1994; metadat::dat.bcg)."""

# treated and not: with tuberculosis, without; latitude, year, allocation
TRIALS = (
    (4, 119, 11, 128, 44, 1948, "random"),
    (6, 300, 29, 274, 55, 1949, "random"),
    (3, 228, 11, 209, 42, 1960, "random"),
    (62, 13536, 248, 12619, 52, 1977, "random"),
    (33, 5036, 47, 5761, 13, 1973, "alternate"),
    (180, 1361, 372, 1079, 44, 1953, "alternate"),
    (8, 2537, 10, 619, 19, 1973, "random"),
    (505, 87886, 499, 87892, 13, 1980, "random"),
    (29, 7470, 45, 7232, 27, 1968, "random"),
    (17, 1699, 65, 1600, 42, 1961, "systematic"),
    (186, 50448, 141, 27197, 18, 1974, "systematic"),
    (5, 2493, 3, 2338, 33, 1969, "systematic"),
    (27, 16886, 29, 17825, 33, 1976, "systematic"),
)
