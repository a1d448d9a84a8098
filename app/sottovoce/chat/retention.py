"""Chats that are kept no longer than administrators want."""

from datetime import timedelta

from sottovoce.store.store import Store
from sottovoce.system.audit import Audit, Event
from sottovoce.system.paths import Profile


def remove_expired(store: Store, profile: Profile) -> int:
    """Remove for good the chats that the policy lets nobody keep any longer; return how many.

    What is attached to them is for `forget_orphans` to remove.
    """
    days = profile.policy.retention
    if days is None:
        return 0
    count = store.remove_expired(timedelta(days=days))
    if count:
        Audit(profile).note(Event.CHATS_EXPIRED, count=count)
    return count
