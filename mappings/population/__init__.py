"""Words of the population database against the canonical model: names, dates, codes, records. Pure."""
