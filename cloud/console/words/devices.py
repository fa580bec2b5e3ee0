"""Words of the pages about devices."""

from shared.words.voice import Text

WORDS: dict[str, Text] = {
    "devices": Text("设备", "Devices"),
}
