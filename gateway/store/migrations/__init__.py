"""The schema, step by step: `versions/NNNN_name.py` names a step, `NNNN_name.sql` beside it is the step."""
