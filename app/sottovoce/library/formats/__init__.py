"""Reading files of many kinds, in a process that can do no harm."""
