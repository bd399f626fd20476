"""Looking ahead: the product's own core under a virtual clock, and the formulas it is held to. Nothing here serves."""
