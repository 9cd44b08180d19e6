"""What the national monitoring system and the 766 index count: facts in, numbers with their dossiers out.

Pure: knows `gateway.model` and `gateway.errors` only. `facts` are what is counted, `selection` cuts them to a period
and a scope, `catalogue` names the indicators, `registry` holds one formula for each, `scoring` gives points.
"""
