"""Writes a page about result sets: python3 -m postprocess report."""
