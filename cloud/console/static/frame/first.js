// Before the first paint: the colours and the size of type that were chosen in this browser, else those of the account.
const LOOKS = ["light", "dark", "contrast", "large", "larger"];
for (const [kept, set] of [["ykt-theme", "theme"], ["ykt-size", "size"]]) {
  try {
    const value = localStorage.getItem(kept);
    if (LOOKS.includes(value)) document.documentElement.dataset[set] = value;
    else if (value !== null) delete document.documentElement.dataset[set];
  } catch {
    // no storage in this browser: the account's choice stands
  }
}
