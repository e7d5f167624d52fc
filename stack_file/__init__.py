"""The parts of a stack file: its keys as models, what must be true between them, and how errors are said.

`settings.py` puts them together. Names are camelCase in the stack file and snake_case here.
"""
