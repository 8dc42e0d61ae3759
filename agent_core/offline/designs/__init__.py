"""Reads tasks and replies into designs: factors with levels, rules, measures, typed questions."""
