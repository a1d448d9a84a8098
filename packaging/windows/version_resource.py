"""What Windows shows of a program under Properties › Details, as PyInstaller wants it told."""


def version_resource(program: str, description: str, version: str) -> str:
    """Return the text of a file for `EXE(version=…)`. `version` has two to four numbers."""
    numbers = [*map(int, version.split(".")), 0, 0][:4]
    words = {
        "CompanyName": "The Sottovoce authors",
        "FileDescription": description,
        "FileVersion": version,
        "InternalName": program,
        "LegalCopyright": "The Sottovoce authors, Apache-2.0",
        "OriginalFilename": f"{program}.exe",
        "ProductName": "Sottovoce",
        "ProductVersion": version,
    }
    english_in_unicode = "040904B0"
    structs = ", ".join(f"StringStruct({name!r}, {word!r})" for name, word in words.items())
    return f"""VSVersionInfo(
  ffi=FixedFileInfo(filevers={tuple(numbers)}, prodvers={tuple(numbers)}),
  kids=[
    StringFileInfo([StringTable({english_in_unicode!r}, [{structs}])]),
    VarFileInfo([VarStruct('Translation', [0x0409, 0x04B0])]),
  ],
)
"""
