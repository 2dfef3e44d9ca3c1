# The same work as benchmarks/weighting.py on R survey, one thread. Arguments: folder with data.csv and totals.csv; number of replicates to try.
suppressPackageStartupMessages(library(survey))
args <- commandArgs(TRUE)
d <- read.csv(file.path(args[1], "data.csv"))
replicates <- as.integer(args[2])
totals <- read.csv(file.path(args[1], "totals.csv"))
ys <- as.formula(paste("~", paste0("y", 0:9, collapse = "+")))
margins <- paste0("m", 0:4)
for (m in margins) d[[m]] <- factor(d[[m]])
d$dom <- factor(d$dom)
time <- function(name, f, times = 3) { gc(reset = TRUE); s <- Inf; for (i in seq_len(times)) s <- min(s, sum(system.time(r <- f())[c("user.self", "sys.self")])); cat(name, s, sum(gc()[, 6]), "\n", sep = ","); r }
des <- svydesign(id = ~psu, strata = ~stratum, weights = ~w, data = d)
pop <- lapply(margins, function(m) { t <- totals[totals$margin == m, ]; x <- data.frame(factor(t$level), t$total); names(x) <- c(m, "Freq"); x })
form <- as.formula(paste("~", paste(margins, collapse = "+")))
vec <- c("(Intercept)" = sum(pop[[1]]$Freq))
for (j in seq_along(margins)) vec <- c(vec, setNames(pop[[j]]$Freq[-1], paste0(margins[j], pop[[j]][-1, 1])))
a <- time("means_by", function() svyby(ys, ~dom, des, svymean))
cat("check_means_by", format(a[1, "y0"], digits = 17), format(SE(a)[1, 1], digits = 17), "\n", sep = ",")
r <- time("raking", function() rake(des, lapply(margins, function(m) as.formula(paste("~", m))), pop, control = list(maxit = 200, epsilon = 1e-7, verbose = FALSE)))
g <- time("greg", function() calibrate(des, form, vec))
e <- svymean(~y0, g)
cat("check_greg", format(coef(e), digits = 17), format(SE(e)[1], digits = 17), "\n", sep = ",")
if (replicates > 0) {
  b <- time(paste0("bootstrap_", replicates), function() {
    rep <- as.svrepdesign(des, type = "subbootstrap", replicates = replicates)
    svymean(ys, calibrate(rep, form, vec))
  }, 1)
}
