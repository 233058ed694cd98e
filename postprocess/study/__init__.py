"""Plans and runs scaling studies: python3 -m postprocess study."""
