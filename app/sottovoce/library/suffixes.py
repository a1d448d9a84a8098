"""Names of files that are taken along with their folder. Others are read when they are named."""

_ALL = (
    "pdf docx docm dotx odt ott rtf pptx pptm ppsx potx odp xlsx xlsm xls ods csv tsv epub "
    "html htm xhtml mhtml md markdown mdx rst adoc asciidoc org tex txt text log eml mbox msg "
    "png jpg jpeg tif tiff webp bmp gif "
    "c h cc cpp cxx hh hpp cs css go java js jsx mjs ts tsx kt kts lua m mm php pl pm ps1 py "
    "pyi r rb rs sass scala scss sh bash sql swift vb vue zig dart ex exs hs clj erl jl nim "
    "json jsonl ndjson yaml yml toml ini cfg conf xml ipynb srt vtt"
)
SUFFIXES = frozenset(f".{suffix}" for suffix in _ALL.split())
