// Before the first paint: the colours and the size of type that this browser has chosen.
for (const [kept, set] of [["ykt-theme", "theme"], ["ykt-size", "size"]]) {
  try {
    const value = localStorage.getItem(kept);
    if (["light", "dark", "contrast", "large", "larger"].includes(value)) document.documentElement.dataset[set] = value;
  } catch {
    // no storage in this browser: the system's own choice stands
  }
}
