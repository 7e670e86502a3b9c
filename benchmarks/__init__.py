"""What things cost, as ratios against the unavoidable work, measured side by side in one run.

``python -m benchmarks`` prints everything and says of each budget whether it was kept; ``--json FILE`` writes the same
for machines, ``--only postgres`` measures a part, ``--quick`` shows that it runs. A ratio of two times from one run is
the same on every machine; a time is not.
"""
