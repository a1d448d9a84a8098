"""Why files cannot be read: what several readers have to say."""

DAMAGED = "This file is damaged and cannot be read. Restore it from a copy, or save it anew."
LOCKED = "This file is locked with a password. Save a copy without one and add that."
UNKNOWN = "Sottovoce cannot read files of this kind. Choose a document."
