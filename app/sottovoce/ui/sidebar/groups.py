"""Under which heading a chat stands in the list."""

from datetime import date


def group(day: date, today: date) -> str:
    """The heading for a chat whose last message came on `day`."""
    age = (today - day).days
    if age <= 0:
        return "Today"
    if age == 1:
        return "Yesterday"
    if age <= 7:
        return "Previous 7 days"
    if age <= 30:
        return "Previous 30 days"
    month = f"{day:%B}"
    return month if day.year == today.year else f"{month} {day.year}"
