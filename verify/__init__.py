"""The checker: reads what a stack says it is, looks at the real world from outside, and says where they differ.

It knows `mail/` and nothing of Pulumi's program, of Docker or of the lab. A thing that could not be looked at is
*unknown*, never a pass.
"""
