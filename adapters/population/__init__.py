"""Adapter of the national population database (CSDLQGvDC): questions about a citizen over SOAP, and its edges.

`contract/` holds the definition that is spoken, written for this gateway from public evidence: the WSDL, the schema of
requests, and one schema for each known form of the reply.
"""

from adapters.population.adapter import PopulationAdapter, build
from adapters.population.checks import run_checks
from adapters.population.settings import PopulationSettings

__all__ = ["PopulationAdapter", "PopulationSettings", "build", "run_checks"]
