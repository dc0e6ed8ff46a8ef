"""Search: what people typed, the documents it is compared with, the order of what is found, and the door before it."""
