# Writes r_half_samples.json: numbers of R survey for balanced half-samples and Fay's method, with the Hadamard matrix that R picks and with the one that this package takes.
# Run from this folder: Rscript r_half_samples.R
library(survey)

json <- function(v) {
  if (is.data.frame(v) || is.list(v)) return(paste0("{", paste0('"', names(v), '": ', vapply(v, json, ""), collapse = ", "), "}"))
  if (is.matrix(v)) return(paste0("[", paste(apply(v, 1, json), collapse = ", "), "]"))
  if (is.character(v)) return(paste0('"', v, '"'))
  paste0("[", paste(format(v, digits = 17, trim = TRUE), collapse = ", "), "]")
}

i <- 0:119
stratum <- i %/% 10
d <- data.frame(stratum = stratum, psu = i %/% 5, w = 10 + (i * 7) %% 11, y = 50 + 10 * sin(i * 1.3) + 3 * stratum + (i %/% 5) %% 3,
                x = 20 + 5 * cos(i * 0.7) + (i * i) %% 7, b = as.numeric((i * 13) %% 17 < 6))
design <- svydesign(~psu, strata = ~stratum, weights = ~w, data = d, nest = TRUE)

sylvester <- matrix(1)
while (nrow(sylvester) <= 12) sylvester <- kronecker(matrix(c(1, 1, 1, -1), 2), sylvester)
sign <- sylvester[2:13, ]  # one row a stratum; the row of ones balances nothing
side <- ifelse(d$psu %% 2 == 0, 1, -1)

se <- function(r) {
  m <- svymean(~y + b, r); q <- svyratio(~y, ~x, r); g <- svyglm(y ~ x + b, r); l <- suppressWarnings(svyglm(b ~ x, r, family = quasibinomial, epsilon = 1e-14, maxit = 100))
  list(total = unname(SE(svytotal(~y + x, r))), mean = unname(SE(m)), ratio = as.numeric(SE(q)), ols = unname(SE(g)), logit = unname(SE(l)), domain = as.numeric(SE(svyby(~y, ~b, r, svymean))))
}
out <- list(version = as.character(packageVersion("survey")), data = d, linearised_total = unname(SE(svytotal(~y + x, design))))
for (rho in c(0, 0.3)) {
  name <- if (rho == 0) "brr" else "fay"
  r <- if (rho == 0) as.svrepdesign(design, type = "BRR", compress = FALSE) else as.svrepdesign(design, type = "Fay", fay.rho = rho, compress = FALSE)
  own <- 1 + (1 - rho) * side * sign[d$stratum + 1, ]
  ours <- svrepdesign(data = d, weights = ~w, repweights = own, combined.weights = FALSE, type = if (rho == 0) "BRR" else "Fay", rho = if (rho == 0) NULL else rho)
  out[[name]] <- list(factor = unclass(as.matrix(weights(r, "replication")))[!duplicated(d$psu), ], picked = se(r), sylvester = se(ours))
}
writeLines(json(out), "r_half_samples.json")
