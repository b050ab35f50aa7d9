"""Sets of rows that each have a number to be learned."""
