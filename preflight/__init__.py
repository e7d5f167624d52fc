"""What is looked at before the first `pulumi up` on a live zone, and the ways out of what is in the way.

It reads a stack's settings as the program does, and its state if there is one; it changes nothing anywhere. It knows
the checker's parts (`verify/`) and nothing of the components or of the lab. A thing that could not be looked at is
*unknown*, never a pass.
"""
