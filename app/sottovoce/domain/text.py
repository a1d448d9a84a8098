"""Text that can be written down, and figures in words."""


def encodable(text: str) -> str:
    """`text` with a sign in place of halves of characters, which a clipboard can hold."""
    return text.encode("utf-8", "replace").decode()


def two_digits(value: float) -> str:
    """A figure that is not known better than that: "0.53", "5.2", "180", "3,600"."""
    return f"{float(f'{value:.2g}'):,.10g}"


def size_in_words(size: float) -> str:
    """Bytes as people read them: "4.9 GB", "105 MB". A gigabyte is 10⁹ bytes, as disks count."""
    if size >= 1e9:
        return f"{size / 1e9:.1f} GB"
    if size >= 1e6:
        return f"{size / 1e6:.0f} MB"
    return f"{size / 1e3:.0f} kB" if size >= 1e3 else f"{size:.0f} bytes"


def time_left(seconds: float) -> str:
    """As people say it: "about 5 minutes left"."""
    if seconds < 60:
        return "less than a minute left"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"about {minutes} {'minute' if minutes == 1 else 'minutes'} left"
    hours = round(minutes / 60)
    return f"about {hours} hours left" if hours < 48 else f"about {round(hours / 24)} days left"
