import plistlib
import shutil
import subprocess
from pathlib import Path

import pytest

from sottovoce.models.names import BUNDLE_SUFFIX

MACOS = Path(__file__).parents[2] / "packaging" / "macos"


def test_models_are_offered_to_sottovoce_and_bundles_are_its_own() -> None:
    told = plistlib.loads((MACOS / "Info.plist").read_bytes())

    declared = [*told["UTImportedTypeDeclarations"], *told["UTExportedTypeDeclarations"]]
    suffixes = {
        each["UTTypeIdentifier"]: each["UTTypeTagSpecification"]["public.filename-extension"]
        for each in declared
    }
    ranks = {
        f".{suffix}": kind["LSHandlerRank"]
        for kind in told["CFBundleDocumentTypes"]
        for type_ in kind["LSItemContentTypes"]
        for suffix in suffixes[type_]
    }
    assert ranks == {".gguf": "Alternate", BUNDLE_SUFFIX: "Owner"}
    assert told["CFBundleIdentifier"] == "app.sottovoce.Sottovoce"


def test_the_hardened_runtime_has_no_exceptions() -> None:
    assert plistlib.loads((MACOS / "entitlements.plist").read_bytes()) == {}


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_script_for_the_disk_image_is_well_formed() -> None:
    subprocess.run(["bash", "-n", MACOS / "dmg.sh"], check=True)
