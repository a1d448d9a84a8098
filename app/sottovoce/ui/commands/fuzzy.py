"""How well a name fits a few typed letters."""


def fit(typed: str, name: str) -> float | None:
    """Higher fits better; None if the letters do not occur in this order.

    Letters that follow one another, and those that begin a word, count more.
    """
    letters, text = typed.casefold(), name.casefold()
    score, at = 0.0, -1
    for letter in letters:
        if letter == " ":
            continue
        found = text.find(letter, at + 1)
        begins = text.find(f" {letter}", at + 1) + 1
        if begins and found != at + 1:
            found = begins
        if found < 0:
            return None
        if found == at + 1:
            score += 2
        elif found == 0 or text[found - 1] == " ":
            score += 1.5
        at = found
    return score - len(text) / 1000
