# The share indicators of benchmarks/lfs.py on R survey. Arguments: folder with persons.csv; number of indicators.
suppressPackageStartupMessages(library(survey))
args <- commandArgs(TRUE)
d <- read.csv(file.path(args[1], "persons.csv"))
count <- as.integer(args[2])
for (v in c("status", "male", "age_group", "subnatid1")) d[[v]] <- factor(d[[v]])
start <- proc.time()[["elapsed"]]
d$active <- as.numeric(d$lstatus %in% c(1, 2)); d$works <- as.numeric(d$lstatus %in% 1); d$idle <- as.numeric(d$lstatus %in% 2)
d$vulnerable <- as.numeric(d$empstat %in% c(2, 4)); d$own <- as.numeric(d$empstat %in% c(3, 4))
des <- svydesign(id = ~psu, strata = ~strata, weights = ~weight, data = d)
adult <- d$age >= 15
base <- list(participation = list(~active, adult), employment = list(~works, adult), unemployment = list(~idle, adult & d$active == 1),
             vulnerable = list(~vulnerable, adult & d$works == 1), own = list(~own, adult & d$works == 1), intends = list(~intends, adult))
for (name in head(names(base), count)) for (by in c("status", "male", "age_group", "subnatid1")) {
  r <- svyby(base[[name]][[1]], as.formula(paste("~", by)), subset(des, base[[name]][[2]]), svymean)
  if (name == "unemployment" && by == "male") check <- r
}
cat("seconds=", proc.time()[["elapsed"]] - start, "\n", sep = "")
if (exists("check")) for (k in 1:2) cat("unemployment", k - 1, "=", format(check$idle[k], digits = 16), ",", format(SE(check)[k], digits = 16), "\n", sep = "")
