"""Who fits an order, and how well. Pure and deterministic: the same input gives the same matches in the same order.

Eligibility is never overridden, whoever proposes. The score only ranks those who are eligible; every point of it is named in
the reasons.
"""
