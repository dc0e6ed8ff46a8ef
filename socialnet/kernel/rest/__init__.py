"""What REST framework is told to use in place of its own parts; views inherit from `socialnet.kernel.api`."""
