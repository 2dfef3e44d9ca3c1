"""Made-up countries to try everything on: SYNTHETIC surveys, tracers and inventories with a known
true effect.
"""

from mismes_eval.synthetic.generate import Generated, generate
from mismes_eval.synthetic.scenario import COUNTRIES, SEED

__all__ = ["COUNTRIES", "SEED", "Generated", "generate"]
