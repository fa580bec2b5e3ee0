// Branches of a tree stay as somebody has opened or folded them, though the part that they are in is made anew.
const kept = new Map();

function key(event) {
  return event.target.closest ? event.target.closest("details[id]") : null;
}

document.addEventListener("click", (event) => {
  const branch = event.target.closest("summary") && key(event);
  if (branch) kept.set(branch.id, !branch.open);
});

function restore() {
  for (const [id, isOpen] of kept) {
    const branch = document.getElementById(id);
    if (branch && branch.open !== isOpen) branch.open = isOpen;
  }
}

const part = document.getElementById("fresh");
if (part) new MutationObserver(restore).observe(part, { childList: true });
