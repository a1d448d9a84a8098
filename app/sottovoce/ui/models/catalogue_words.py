"""What models are, in words."""

from collections.abc import Sequence

from sottovoce.domain.text import size_in_words
from sottovoce.ui.models.catalogue_offers import Offer

LANGUAGES = {
    "ar": "Arabic",
    "bn": "Bengali",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fa": "Persian",
    "fr": "French",
    "hi": "Hindi",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "ms": "Malay",
    "ne": "Nepali",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sr": "Serbian",
    "sv": "Swedish",
    "th": "Thai",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}
"""By their two-letter codes."""
_FEW = 4
"""Languages that are named one by one."""


def parameters_in_words(count: int) -> str:
    """How many: "8 billion parameters"."""
    if count >= 1e9:
        return f"{count / 1e9:.1f} billion parameters".replace(".0 ", " ")
    return f"{count / 1e6:.0f} million parameters"


def languages_in_words(codes: Sequence[str]) -> str:
    """Their names where they are few, else their number."""
    if not codes:
        return "many languages"
    if len(codes) > _FEW:
        return f"{len(codes)} languages"
    return ", ".join(LANGUAGES.get(code, code) for code in codes)


def offer_size(offer: Offer) -> str:
    """Its bytes, and its files where it has several."""
    parts = f", {offer.count} files" if offer.count > 1 else ""
    return f"{'≈ ' if offer.is_estimate else ''}{size_in_words(offer.size)}{parts}"
