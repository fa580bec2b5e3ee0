"""Who answers an ask in the sandbox, and shows a code there: nobody."""

from shared.words.voice import Text

NUMBER = "2026000001"
DEMONSTRATION = {
    "name": str(Text("沙箱同学", "Sandbox Pupil").zh), "number": NUMBER, "of_age": False,
    "class": str(Text("沙箱一班", "Sandbox Class 1").zh),
}  # fmt: skip
"""By claim."""
