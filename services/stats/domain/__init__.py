"""What stats decides: questions, plans with their quotas and targets, classifications, errors. Pure.

These types are pydantic models where they are also entered or stored as JSON: one type holds the bounds and the rule.
"""
