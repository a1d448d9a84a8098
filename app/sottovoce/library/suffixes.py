"""Names of files that are taken along with their folder. Others are read when they are named."""

_COMPOSED = (
    "pdf docx docm dotx odt ott rtf pptx pptm ppsx potx odp xlsx xlsm xls ods epub "
    "html htm xhtml mhtml eml mbox msg png jpg jpeg tif tiff webp bmp gif"
)
_PLAIN = (
    "csv tsv md markdown mdx rst adoc asciidoc org tex txt text log "
    "c h cc cpp cxx hh hpp cs css go java js jsx mjs ts tsx kt kts lua m mm php pl pm ps1 py "
    "pyi r rb rs sass scala scss sh bash sql swift vb vue zig dart ex exs hs clj erl jl nim "
    "json jsonl ndjson yaml yml toml ini cfg conf xml ipynb srt vtt"
)
PLAIN = frozenset(f".{suffix}" for suffix in _PLAIN.split())
"""Those that plain text has, as a rule: what is in a file may be something else."""
SUFFIXES = PLAIN | {f".{suffix}" for suffix in _COMPOSED.split()}
